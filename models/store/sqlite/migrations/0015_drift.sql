-- What notifications have that this program does not know, and which have it. Triggers remove it with them, also
-- where an older version of the program removes them.
CREATE TABLE drifts (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	path TEXT NOT NULL,
	value TEXT NOT NULL
);
CREATE TABLE drift_notifications (
	notification_id BIGINT NOT NULL,
	drift_id BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (notification_id, drift_id)
) WITHOUT ROWID;
CREATE INDEX drift_notifications_drift ON drift_notifications (drift_id, received_at);
CREATE TRIGGER notifications_drift_removed AFTER DELETE ON notifications
BEGIN
	DELETE FROM drift_notifications WHERE notification_id = OLD.id;
END;
CREATE TRIGGER drift_notifications_removed AFTER DELETE ON drift_notifications
BEGIN
	DELETE FROM drifts WHERE id = OLD.drift_id
		AND NOT EXISTS (SELECT 1 FROM drift_notifications WHERE drift_id = OLD.drift_id);
END;
