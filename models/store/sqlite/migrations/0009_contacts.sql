CREATE TABLE contacts (
	callee TEXT NOT NULL PRIMARY KEY,
	session_count BIGINT NOT NULL,
	first_seen_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO contacts SELECT callee, COUNT(*), MIN(started_at), MAX(ended_at) FROM sessions WHERE callee <> '' GROUP BY callee;
CREATE INDEX contacts_last_seen ON contacts (last_seen_at, callee);
CREATE INDEX contacts_first_seen ON contacts (first_seen_at, callee);
CREATE INDEX contacts_session_count ON contacts (session_count, callee);
