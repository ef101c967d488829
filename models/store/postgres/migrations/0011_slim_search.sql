DROP INDEX sessions_outdated;
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 3;
