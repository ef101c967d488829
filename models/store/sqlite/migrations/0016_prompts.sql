-- What customers did about the prompts of each session that has some, packed. A trigger removes it with its session,
-- also where an older version of the program removes that.
CREATE TABLE session_prompts (
	session_id INTEGER PRIMARY KEY,
	prompts BLOB NOT NULL
);
CREATE TRIGGER sessions_prompts_removed AFTER DELETE ON sessions
BEGIN
	DELETE FROM session_prompts WHERE session_id = OLD.id;
END;
DROP INDEX sessions_outdated;
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 4;
