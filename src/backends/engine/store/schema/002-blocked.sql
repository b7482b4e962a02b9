-- What is blocked is asked for often, and must not be looked for among the conflicts.

CREATE INDEX rows_blocked ON rows (mapping, path) WHERE blocked IS NOT NULL;
