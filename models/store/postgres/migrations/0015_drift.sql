-- What notifications have that this program does not know, and which have it. Triggers remove it with them, also
-- where an older version of the program removes them.
CREATE TABLE drifts (
	id BIGINT PRIMARY KEY,
	kind TEXT COLLATE "C" NOT NULL,
	path TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL
);
CREATE TABLE drift_notifications (
	notification_id BIGINT NOT NULL,
	drift_id BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (notification_id, drift_id)
);
CREATE INDEX drift_notifications_drift ON drift_notifications (drift_id, received_at);
CREATE FUNCTION remove_drift_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		DELETE FROM drift_notifications WHERE notification_id IN (SELECT id FROM before_it);
		RETURN NULL;
	END
$$;
CREATE TRIGGER notifications_drift_removed AFTER DELETE ON notifications
REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION remove_drift_notifications();
CREATE FUNCTION remove_drifts() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		DELETE FROM drifts d WHERE d.id IN (SELECT drift_id FROM before_it)
			AND NOT EXISTS (SELECT 1 FROM drift_notifications n WHERE n.drift_id = d.id);
		RETURN NULL;
	END
$$;
CREATE TRIGGER drift_notifications_removed AFTER DELETE ON drift_notifications
REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION remove_drifts();
