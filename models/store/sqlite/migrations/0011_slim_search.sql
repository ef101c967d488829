-- An index of the sessions that hold a trigram, without positions: it takes a quarter of the space.
DROP TABLE session_search_runs;
DROP TABLE session_search;
CREATE VIRTUAL TABLE session_search USING fts5 (
	transcript, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE session_search_runs USING fts5vocab (session_search, instance);
DROP INDEX sessions_outdated;
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 3;
