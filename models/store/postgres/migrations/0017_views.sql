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
	to_timestamp(started_at::DOUBLE PRECISION / 1000000) AS started_at,
	to_timestamp(ended_at::DOUBLE PRECISION / 1000000) AS ended_at,
	duration_seconds,
	to_timestamp(notified_at::DOUBLE PRECISION / 1000000) AS notified_at,
	to_timestamp(received_at::DOUBLE PRECISION / 1000000) AS received_at,
	talk_round,
	message_count,
	engaged,
	handed_over,
	abandoned,
	to_timestamp(taken_over_at::DOUBLE PRECISION / 1000000) AS taken_over_at,
	to_timestamp(first_reply_at::DOUBLE PRECISION / 1000000) AS first_reply_at,
	wait_seconds,
	version,
	deliveries
FROM sessions;
CREATE VIEW sessiongraph_messages AS SELECT
	session_id,
	position,
	msg_id,
	sender_type,
	to_timestamp(sent_at::DOUBLE PRECISION / 1000000) AS sent_at,
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
