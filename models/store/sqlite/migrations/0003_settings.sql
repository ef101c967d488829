-- What the program keeps for itself, by name. An export leaves it out, a backup has it.
CREATE TABLE settings (
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
);
