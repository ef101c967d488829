-- Messages stored before get theirs when their sessions are projected again.
ALTER TABLE messages ADD COLUMN msg_ordinal BIGINT NOT NULL DEFAULT 0;
