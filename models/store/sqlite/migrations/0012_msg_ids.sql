-- An index of the sessions that have a msg_id, by its hash. FTS5 appends to it: an index of messages by msg_id
-- would change a page for nearly each of them.
CREATE VIRTUAL TABLE session_msg_ids USING fts5 (
	msg_ids, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
