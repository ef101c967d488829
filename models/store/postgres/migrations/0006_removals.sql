-- The files may hold what an earlier version left of an interrupted removal: they are cleaned once.
CREATE TABLE removals (
	id BIGINT PRIMARY KEY,
	removals BIGINT NOT NULL,
	purged BIGINT NOT NULL
);
INSERT INTO removals (id, removals, purged) SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM notifications) THEN 1 ELSE 0 END, 0;
