-- Triggers keep ledger_counts: all that changes the ledger, older versions of the program too, keeps it right.
CREATE TABLE ledger_counts (
	outcome TEXT COLLATE "C" PRIMARY KEY,
	notifications BIGINT NOT NULL
);
CREATE TABLE write_probe (
	id BIGINT PRIMARY KEY,
	data BYTEA NOT NULL
);
INSERT INTO write_probe (id, data) VALUES (1, '');
CREATE FUNCTION count_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF TG_OP = 'INSERT' THEN
			INSERT INTO ledger_counts (outcome, notifications)
				SELECT outcome, COUNT(*) FROM after_it GROUP BY outcome
				ON CONFLICT (outcome) DO UPDATE SET notifications = ledger_counts.notifications + excluded.notifications;
		ELSIF TG_OP = 'DELETE' THEN
			INSERT INTO ledger_counts (outcome, notifications)
				SELECT outcome, -COUNT(*) FROM before_it GROUP BY outcome
				ON CONFLICT (outcome) DO UPDATE SET notifications = ledger_counts.notifications + excluded.notifications;
		ELSE
			INSERT INTO ledger_counts (outcome, notifications)
				SELECT outcome, SUM(n)
					FROM (SELECT outcome, 1 AS n FROM after_it UNION ALL SELECT outcome, -1 FROM before_it) d
					GROUP BY outcome HAVING SUM(n) <> 0
				ON CONFLICT (outcome) DO UPDATE SET notifications = ledger_counts.notifications + excluded.notifications;
		END IF;
		RETURN NULL;
	END
$$;
CREATE TRIGGER notifications_added AFTER INSERT ON notifications
	REFERENCING NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION count_notifications();
CREATE TRIGGER notifications_removed AFTER DELETE ON notifications
	REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION count_notifications();
CREATE TRIGGER notifications_changed AFTER UPDATE ON notifications
	REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION count_notifications();
INSERT INTO ledger_counts (outcome, notifications) SELECT outcome, COUNT(*) FROM notifications GROUP BY outcome;
