-- What viewers without the scope PII see in place of personal data, and the masks that it was made with. The text of a
-- message that they search is kept where it is another than folded.
ALTER TABLE sessions ADD COLUMN masked_callee TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN masks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN masked_callee TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE ner_slots ADD COLUMN masked_value TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE variables ADD COLUMN masked_value TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN masked_folded TEXT COLLATE "C";
CREATE INDEX sessions_masked_callee ON sessions (masked_callee, started_at, id);
CREATE INDEX sessions_masks ON sessions (masks);
CREATE INDEX contacts_masked_callee ON contacts (masked_callee);
CREATE INDEX ner_slots_masked ON ner_slots (name, masked_value);
CREATE INDEX variables_masked ON variables (name, masked_value);
