-- An intent says what it was about to put in place: found there after a kill, it is our own work and nobody's edit.

ALTER TABLE intents ADD COLUMN version BLOB;
