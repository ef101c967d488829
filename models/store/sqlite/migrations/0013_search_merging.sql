-- FTS5 merges sixteen segments of a level at once instead of four, which writes each of its entries half as often.
-- It merges a little with each commit; the other bound, at which it would merge a whole level in one commit, is not
-- to be reached.
INSERT INTO session_search (session_search, rank) VALUES ('automerge', 16);
INSERT INTO session_search (session_search, rank) VALUES ('crisismerge', 64);
INSERT INTO session_msg_ids (session_msg_ids, rank) VALUES ('automerge', 16);
INSERT INTO session_msg_ids (session_msg_ids, rank) VALUES ('crisismerge', 64);
