-- What is begun and ended together is one row: its changes of the disk as one blob (store/record.ts). Intents outlive
-- only a kill, and the full scan after it finds on the disk whatever came of them.

DROP TABLE intents;

CREATE TABLE intents (
  mapping INTEGER NOT NULL,
  batch   INTEGER NOT NULL,
  intents BLOB NOT NULL,
  PRIMARY KEY (mapping, batch)
) STRICT, WITHOUT ROWID;
