-- The state of one node. Paths are byte strings (one character a byte) with NUL in place of `/`: byte order is then the
-- order of the names along the path, and a directory's descendants follow it at once.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Actors are stored as these numbers wherever a blob names one.
CREATE TABLE actors (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE mappings (
  id         INTEGER PRIMARY KEY,
  group_name TEXT NOT NULL,
  name       TEXT NOT NULL,
  last_seq   INTEGER NOT NULL DEFAULT 0,
  -- totals over this mapping's rows
  files      INTEGER NOT NULL DEFAULT 0,
  bytes      INTEGER NOT NULL DEFAULT 0,
  pending    INTEGER NOT NULL DEFAULT 0,
  conflicts  INTEGER NOT NULL DEFAULT 0,
  blocked    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (group_name, name)
) STRICT;

CREATE TABLE rows (
  mapping       INTEGER NOT NULL,
  path          TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  live_children INTEGER NOT NULL,
  pending       INTEGER NOT NULL,
  -- blocked, or more than one sibling
  troubled      INTEGER NOT NULL,
  -- siblings of different content
  conflict      INTEGER NOT NULL,
  -- size of the applied file, NULL when no file is applied
  bytes         INTEGER,
  -- applied, siblings and context: store/record.ts
  state         BLOB NOT NULL,
  -- JSON of store.ts's Blocked
  blocked       TEXT,
  moved_from    TEXT,
  PRIMARY KEY (mapping, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX rows_by_seq ON rows (mapping, seq);
CREATE INDEX rows_pending ON rows (mapping, seq) WHERE pending = 1 AND blocked IS NULL;
CREATE INDEX rows_troubled ON rows (mapping, path) WHERE troubled = 1;

CREATE TABLE progress (
  mapping     INTEGER NOT NULL,
  peer        TEXT NOT NULL,
  their_table TEXT NOT NULL,
  their_seq   INTEGER NOT NULL,
  our_table   TEXT NOT NULL,
  our_seq     INTEGER NOT NULL,
  PRIMARY KEY (mapping, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE knowledge (
  mapping INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  counter INTEGER NOT NULL,
  PRIMARY KEY (mapping, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE intents (
  mapping   INTEGER NOT NULL,
  path      TEXT NOT NULL,
  backup_id TEXT,
  PRIMARY KEY (mapping, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE backups (
  mapping INTEGER NOT NULL,
  id      TEXT NOT NULL,
  path    TEXT NOT NULL,
  time    INTEGER NOT NULL,
  -- value and dots: store/record.ts
  version BLOB NOT NULL,
  node    TEXT NOT NULL,
  reason  TEXT NOT NULL,
  PRIMARY KEY (mapping, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX backups_by_time ON backups (mapping, time, id);
CREATE INDEX backups_by_path ON backups (mapping, path, time, id);

CREATE TABLE events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  time       INTEGER NOT NULL,
  group_name TEXT NOT NULL,
  mapping    TEXT NOT NULL,
  path       TEXT NOT NULL,
  what       TEXT NOT NULL,
  node       TEXT NOT NULL,
  result     TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (time, id);
