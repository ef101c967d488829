CREATE TABLE sessions (
	id INTEGER PRIMARY KEY,
	notification_id BIGINT NOT NULL,
	call_id TEXT NOT NULL UNIQUE,
	workflow_id TEXT NOT NULL,
	workflow_name TEXT NOT NULL,
	node_task_id TEXT NOT NULL,
	node_task_name TEXT NOT NULL,
	waba_task_id TEXT NOT NULL,
	wf_detail_uuid TEXT NOT NULL,
	channel TEXT NOT NULL,
	channel_id TEXT NOT NULL,
	callee TEXT NOT NULL,
	robot_id TEXT NOT NULL,
	status TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	duration_seconds BIGINT NOT NULL,
	notified_at BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	end_reason TEXT NOT NULL,
	intention TEXT NOT NULL,
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
	msg_id TEXT NOT NULL,
	sender_type TEXT NOT NULL,
	sent_at BIGINT,
	status TEXT NOT NULL,
	content_type TEXT NOT NULL,
	text TEXT NOT NULL,
	folded TEXT NOT NULL,
	raw BLOB NOT NULL,
	PRIMARY KEY (session_id, position)
) WITHOUT ROWID;
CREATE TABLE ner_slots (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX ner_slots_name ON ner_slots (name, value);
CREATE TABLE event_labels (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX event_labels_name ON event_labels (name, value);
CREATE TABLE variables (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX variables_name ON variables (name, value);
CREATE VIRTUAL TABLE session_search USING fts5 (
	transcript, content='', tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE session_search_runs USING fts5vocab (session_search, instance);
