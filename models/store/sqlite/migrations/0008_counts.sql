-- Triggers keep ledger_counts: all that changes the ledger, older versions of the program too, keeps it right.
CREATE TABLE ledger_counts (
	outcome TEXT PRIMARY KEY,
	notifications BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE write_probe (
	id INTEGER PRIMARY KEY,
	data BLOB NOT NULL
);
INSERT INTO write_probe (id, data) VALUES (1, '');
CREATE TRIGGER notifications_added AFTER INSERT ON notifications
BEGIN
	INSERT INTO ledger_counts (outcome, notifications) VALUES (NEW.outcome, 1)
		ON CONFLICT (outcome) DO UPDATE SET notifications = notifications + excluded.notifications;
END;
CREATE TRIGGER notifications_removed AFTER DELETE ON notifications
BEGIN
	INSERT INTO ledger_counts (outcome, notifications) VALUES (OLD.outcome, -1)
		ON CONFLICT (outcome) DO UPDATE SET notifications = notifications + excluded.notifications;
END;
CREATE TRIGGER notifications_changed AFTER UPDATE OF outcome ON notifications WHEN OLD.outcome <> NEW.outcome
BEGIN
	INSERT INTO ledger_counts (outcome, notifications) VALUES (OLD.outcome, -1)
		ON CONFLICT (outcome) DO UPDATE SET notifications = notifications + excluded.notifications;
	INSERT INTO ledger_counts (outcome, notifications) VALUES (NEW.outcome, 1)
		ON CONFLICT (outcome) DO UPDATE SET notifications = notifications + excluded.notifications;
END;
INSERT INTO ledger_counts (outcome, notifications) SELECT outcome, COUNT(*) FROM notifications GROUP BY outcome;
