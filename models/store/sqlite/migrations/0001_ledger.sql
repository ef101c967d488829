-- Only "INTEGER PRIMARY KEY" is the row's own number; any other key is a second index.
CREATE TABLE notifications (
	id INTEGER PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE,
	body BLOB NOT NULL,
	body_size BIGINT NOT NULL,
	sign TEXT NOT NULL,
	call_id TEXT,
	callee TEXT,
	notified_at BIGINT,
	first_received_at BIGINT NOT NULL,
	last_received_at BIGINT NOT NULL,
	deliveries BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	reason TEXT NOT NULL,
	stored_seq BIGINT UNIQUE
);
CREATE INDEX notifications_call_id ON notifications (call_id);
CREATE INDEX notifications_callee ON notifications (callee);
CREATE INDEX notifications_outcome ON notifications (outcome, id);
CREATE TABLE ledger_clock (
	id INTEGER PRIMARY KEY,
	last_notification_id BIGINT NOT NULL,
	last_stored_seq BIGINT NOT NULL
);
INSERT INTO ledger_clock (id, last_notification_id, last_stored_seq) VALUES (1, 0, 0);
