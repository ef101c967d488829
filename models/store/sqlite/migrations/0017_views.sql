-- What BI tools read, see docs/bi.md. A later migration that changes a column of theirs makes them again.
CREATE VIEW sessiongraph_sessions AS SELECT
	id AS session_id,
	call_id,
	workflow_id,
	workflow_name,
	node_task_id,
	node_task_name,
	waba_task_id,
	wf_detail_uuid,
	channel,
	channel_id,
	robot_id,
	callee,
	status,
	intention,
	end_reason,
	strftime('%Y-%m-%dT%H:%M:%fZ', started_at / 1000000.0, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', ended_at / 1000000.0, 'unixepoch') AS ended_at,
	duration_seconds,
	strftime('%Y-%m-%dT%H:%M:%fZ', notified_at / 1000000.0, 'unixepoch') AS notified_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', received_at / 1000000.0, 'unixepoch') AS received_at,
	talk_round,
	message_count,
	engaged,
	handed_over,
	abandoned,
	strftime('%Y-%m-%dT%H:%M:%fZ', taken_over_at / 1000000.0, 'unixepoch') AS taken_over_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', first_reply_at / 1000000.0, 'unixepoch') AS first_reply_at,
	wait_seconds,
	version,
	deliveries
FROM sessions;
CREATE VIEW sessiongraph_messages AS SELECT
	session_id,
	position,
	msg_id,
	sender_type,
	strftime('%Y-%m-%dT%H:%M:%fZ', sent_at / 1000000.0, 'unixepoch') AS sent_at,
	status,
	content_type,
	has_reply
FROM messages;
CREATE VIEW sessiongraph_slots AS SELECT
	session_id,
	name,
	position,
	value,
	number
FROM ner_slots;
