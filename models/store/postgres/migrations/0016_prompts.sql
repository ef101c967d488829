-- What customers did about the prompts of each session that has some, packed. A trigger removes it with its session,
-- also where an older version of the program removes that.
CREATE TABLE session_prompts (
	session_id BIGINT PRIMARY KEY,
	prompts BYTEA NOT NULL
);
CREATE FUNCTION remove_session_prompts() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		DELETE FROM session_prompts WHERE session_id IN (SELECT id FROM before_it);
		RETURN NULL;
	END
$$;
CREATE TRIGGER sessions_prompts_removed AFTER DELETE ON sessions
REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION remove_session_prompts();
DROP INDEX sessions_outdated;
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 4;
