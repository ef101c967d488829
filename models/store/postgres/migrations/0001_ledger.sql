-- Texts compare by their bytes, as on SQLite.
CREATE TABLE notifications (
	id BIGINT PRIMARY KEY,
	sha256 BYTEA NOT NULL UNIQUE,
	body BYTEA NOT NULL,
	body_size BIGINT NOT NULL,
	sign TEXT COLLATE "C" NOT NULL,
	call_id TEXT COLLATE "C",
	callee TEXT COLLATE "C",
	notified_at BIGINT,
	first_received_at BIGINT NOT NULL,
	last_received_at BIGINT NOT NULL,
	deliveries BIGINT NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	stored_seq BIGINT UNIQUE
);
CREATE INDEX notifications_call_id ON notifications (call_id);
CREATE INDEX notifications_callee ON notifications (callee);
CREATE INDEX notifications_outcome ON notifications (outcome, id);
CREATE TABLE ledger_clock (
	id BIGINT PRIMARY KEY,
	last_notification_id BIGINT NOT NULL,
	last_stored_seq BIGINT NOT NULL
);
INSERT INTO ledger_clock (id, last_notification_id, last_stored_seq) VALUES (1, 0, 0);
