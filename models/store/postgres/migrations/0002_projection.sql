-- A B-tree takes keys of some 2,700 bytes: names are bounded where they are read, values are not.
CREATE TABLE sessions (
	id BIGINT PRIMARY KEY,
	notification_id BIGINT NOT NULL,
	call_id TEXT COLLATE "C" NOT NULL UNIQUE,
	workflow_id TEXT COLLATE "C" NOT NULL,
	workflow_name TEXT COLLATE "C" NOT NULL,
	node_task_id TEXT COLLATE "C" NOT NULL,
	node_task_name TEXT COLLATE "C" NOT NULL,
	waba_task_id TEXT COLLATE "C" NOT NULL,
	wf_detail_uuid TEXT COLLATE "C" NOT NULL,
	channel TEXT COLLATE "C" NOT NULL,
	channel_id TEXT COLLATE "C" NOT NULL,
	callee TEXT COLLATE "C" NOT NULL,
	robot_id TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	duration_seconds BIGINT NOT NULL,
	notified_at BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	end_reason TEXT COLLATE "C" NOT NULL,
	intention TEXT COLLATE "C" NOT NULL,
	talk_round BIGINT NOT NULL,
	message_count BIGINT NOT NULL,
	version BIGINT NOT NULL,
	deliveries BIGINT NOT NULL
);
CREATE INDEX sessions_started_at ON sessions (started_at, id);
CREATE INDEX sessions_ended_at ON sessions (ended_at, id);
CREATE INDEX sessions_received_at ON sessions (received_at, id);
CREATE INDEX sessions_workflow ON sessions (workflow_id, started_at, id);
CREATE INDEX sessions_intention ON sessions (intention, started_at, id);
CREATE INDEX sessions_channel ON sessions (channel, started_at, id);
CREATE INDEX sessions_callee ON sessions (callee, started_at, id);
CREATE INDEX sessions_robot ON sessions (robot_id, started_at, id);
CREATE INDEX sessions_end_reason ON sessions (end_reason, started_at, id);
CREATE TABLE messages (
	session_id BIGINT NOT NULL,
	position BIGINT NOT NULL,
	msg_id TEXT COLLATE "C" NOT NULL,
	sender_type TEXT COLLATE "C" NOT NULL,
	sent_at BIGINT,
	status TEXT COLLATE "C" NOT NULL,
	content_type TEXT COLLATE "C" NOT NULL,
	text TEXT COLLATE "C" NOT NULL,
	folded TEXT COLLATE "C" NOT NULL,
	raw BYTEA NOT NULL,
	PRIMARY KEY (session_id, position)
);
CREATE TABLE ner_slots (
	session_id BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	json BYTEA NOT NULL,
	PRIMARY KEY (session_id, name)
);
CREATE INDEX ner_slots_name ON ner_slots (name, left(value, 100));
CREATE TABLE event_labels (
	session_id BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	json BYTEA NOT NULL,
	PRIMARY KEY (session_id, name)
);
CREATE INDEX event_labels_name ON event_labels (name, left(value, 100));
CREATE TABLE variables (
	session_id BIGINT NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	position BIGINT NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	json BYTEA NOT NULL,
	PRIMARY KEY (session_id, name)
);
CREATE INDEX variables_name ON variables (name, left(value, 100));
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX messages_folded ON messages USING gin (folded gin_trgm_ops);
