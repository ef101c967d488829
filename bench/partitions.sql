-- Measures sessions in one table and in partitions by ranges of ids, for docs/decisions/0010. It takes a database
-- whose tables the program has made, and leaves them as they are; five million sessions take 8 GB and some minutes.
--
--	sessiongraph import --db postgres://…/bench </dev/null
--	psql postgres://…/bench -v sessions=5000000 -v months=12 -f bench/partitions.sql
\set ON_ERROR_STOP on
\pset footer off
SET synchronous_commit = off;
SET jit = off;

-- Keys of invented sessions, in order of their start, a year of them. Texts without an index are empty.
CREATE SCHEMA plain;
CREATE TABLE plain.sessions (LIKE public.sessions INCLUDING DEFAULTS);
INSERT INTO plain.sessions (id, notification_id, call_id, workflow_id, workflow_name, node_task_id, node_task_name,
	waba_task_id, wf_detail_uuid, channel, channel_id, callee, robot_id, status, started_at, ended_at,
	duration_seconds, notified_at, received_at, end_reason, intention, talk_round, message_count, version, deliveries,
	projection, masked_callee)
SELECT i, i, md5(i::TEXT), 'c' || hash % 12, '', '', '', '', '', 'WhatsApp', '', '+62' || hash % (:sessions / 10),
	hash % 5, 'closed', start, start + 60e6, 60, start + 60e6, start + 60e6, 'ROBOT', chr(65 + (hash % 9)::INT), 1, 4,
	1, 1, 4, 'p:' || hash % (:sessions / 10)
FROM generate_series(1, :sessions) i, LATERAL (SELECT hashint8extended(i, 0) & 2147483647 AS hash,
	1719792000000000 + i * (31536000000000 / :sessions) AS start) s;

CREATE SCHEMA parted;
CREATE TABLE parted.sessions (LIKE public.sessions INCLUDING DEFAULTS) PARTITION BY RANGE (id);
SELECT format('CREATE TABLE parted.sessions_%s PARTITION OF parted.sessions FOR VALUES FROM (%s) TO (%s)', m,
	(m - 1) * :sessions / :months + 1, m * :sessions / :months + 1) FROM generate_series(1, :months) m \gexec
INSERT INTO parted.sessions SELECT * FROM plain.sessions;
-- Only an index that holds the id can be unique over all partitions.
SELECT replace(replace(indexdef, ' public.', ' ' || made || '.'), CASE WHEN made = 'parted' AND indexdef LIKE
	'%(call_id)' THEN 'UNIQUE ' ELSE ';' END, '') FROM pg_indexes, (VALUES ('plain'), ('parted')) m (made)
WHERE schemaname = 'public' AND tablename = 'sessions' \gexec
VACUUM ANALYZE plain.sessions;
VACUUM ANALYZE parted.sessions;

-- The medians of planning and running a question, in milliseconds.
CREATE FUNCTION parted.measure(question TEXT, OUT planned NUMERIC, OUT ran NUMERIC) LANGUAGE plpgsql AS $$
	DECLARE
		plan JSON;
		plans JSON[];
	BEGIN
		FOR i IN 1..7 LOOP
			EXECUTE 'EXPLAIN (ANALYZE, SUMMARY, TIMING OFF, FORMAT JSON) ' || question INTO plan;
			plans := plans || plan;
		END LOOP;
		SELECT round(percentile_disc(0.5) WITHIN GROUP (ORDER BY (p->0->>'Planning Time')::NUMERIC), 2),
			round(percentile_disc(0.5) WITHIN GROUP (ORDER BY (p->0->>'Execution Time')::NUMERIC), 2)
			INTO planned, ran FROM unnest(plans) p;
	END
$$;
SELECT name, one.planned AS "one table: plan", one.ran AS run, many.planned AS "partitions: plan", many.ran AS run
FROM (VALUES
	('50 newest', 'SELECT * FROM %s.sessions s ORDER BY started_at DESC, id DESC LIMIT 51'),
	('50 of an intention', 'SELECT * FROM %s.sessions WHERE intention = ''A'' ORDER BY started_at DESC, id DESC'
		' LIMIT 51'),
	('50 of a callee', 'SELECT * FROM %s.sessions WHERE callee = ''+627'' ORDER BY started_at DESC, id DESC LIMIT 51'),
	('count of a month', 'SELECT COUNT(*) FROM %s.sessions WHERE started_at >= 1748736000000000'),
	('by intention, a year', 'SELECT intention, COUNT(*) FROM %s.sessions GROUP BY intention'),
	('by id', 'SELECT * FROM %s.sessions WHERE id = 7'),
	('by call_id', 'SELECT * FROM %s.sessions WHERE call_id = md5(''7'')')
) q (name, question), LATERAL parted.measure(format(question, 'plain')) one,
	LATERAL parted.measure(format(question, 'parted')) many;

BEGIN;
SELECT id FROM parted.sessions WHERE call_id = md5('7');
SELECT COUNT(*) AS "locks of finding a call_id" FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation';
COMMIT;
