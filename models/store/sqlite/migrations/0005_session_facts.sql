-- Facts of a session's messages as a whole, and the version of the projection that it was made with. The index
-- holds the rows that Upgrade has to find; it belongs to ProjectionVersion, and a larger one needs another.
ALTER TABLE sessions ADD COLUMN projection BIGINT NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN end_reason_raw TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN engaged BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN handed_over BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN abandoned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN taken_over_at BIGINT;
ALTER TABLE sessions ADD COLUMN first_reply_at BIGINT;
ALTER TABLE sessions ADD COLUMN wait_seconds BIGINT;
ALTER TABLE sessions ADD COLUMN seat_ids TEXT NOT NULL DEFAULT '[]';
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 2;
