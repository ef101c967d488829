-- Each process that stores begins a history with its first event: a random id and the number of that event.
-- A restored backup lacks the histories of the processes that stored since, whose numbers are given again;
-- a cursor names its history, and so is rejected. Prune, erase and export leave histories alone.
CREATE TABLE histories (
	first_seq INTEGER PRIMARY KEY,
	id BIGINT NOT NULL
);
