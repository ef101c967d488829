-- A hash, because a msg_id may be longer than a B-tree takes.
CREATE INDEX messages_msg_id ON messages USING hash (msg_id);
