import { type Database, openForWriting, transaction } from '../sqlite.ts'

/** Each step takes the file from the version that is its index to the next; never edited once released. */
const STEPS = [
  `
  CREATE TABLE workspaces (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  );

  CREATE TABLE positions (
    partition INTEGER PRIMARY KEY,
    position  INTEGER NOT NULL,
    stored_at INTEGER
  );

  CREATE TABLE events (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace    INTEGER NOT NULL,
    type         TEXT NOT NULL,
    source       TEXT NOT NULL,
    user_id      TEXT,
    anonymous_id TEXT,
    event        TEXT,
    json         TEXT NOT NULL
  );
  CREATE INDEX events_user      ON events (workspace, user_id)      WHERE user_id IS NOT NULL;
  CREATE INDEX events_anonymous ON events (workspace, anonymous_id) WHERE anonymous_id IS NOT NULL;
  CREATE INDEX events_event     ON events (workspace, event)        WHERE event IS NOT NULL;

  -- The ids of one generation each; generation n is in table n % 2. See dedup.ts.
  CREATE TABLE ids_0 (workspace INTEGER, message_id TEXT, event INTEGER NOT NULL, PRIMARY KEY (workspace, message_id)) WITHOUT ROWID;
  CREATE TABLE ids_1 (workspace INTEGER, message_id TEXT, event INTEGER NOT NULL, PRIMARY KEY (workspace, message_id)) WITHOUT ROWID;
  CREATE TABLE generation (number INTEGER NOT NULL, since INTEGER);
  INSERT INTO generation VALUES (0, NULL);

  CREATE TABLE rejected (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace   INTEGER,
    received_at INTEGER NOT NULL,
    source      TEXT NOT NULL,
    status      INTEGER,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    place       INTEGER,
    message_id  TEXT,
    body        TEXT NOT NULL
  );
  `,
  `
  ALTER TABLE events ADD COLUMN email TEXT;
  CREATE INDEX events_email ON events (workspace, email) WHERE email IS NOT NULL;
  `,
  `
  CREATE TABLE quarantined (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace    INTEGER NOT NULL,
    message_id   TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    message      TEXT NOT NULL,
    rejected     INTEGER NOT NULL,
    id_generated INTEGER NOT NULL,
    chars        INTEGER NOT NULL,
    json         TEXT NOT NULL
  );
  CREATE UNIQUE INDEX quarantined_message ON quarantined (workspace, message_id);
  CREATE INDEX quarantined_order          ON quarantined (workspace, id);

  -- How many events of a workspace left quarantine because of age or number.
  CREATE TABLE quarantine_expired (
    workspace INTEGER PRIMARY KEY,
    events    INTEGER NOT NULL
  );
  `,
]

/** Makes the file, or brings an older one to this version. Throws at a file of a newer version. */
export function migrate(file: string): void {
  const database = openForWriting(file, toThisVersion)
  database.close()
}

function toThisVersion(database: Database): Database {
  const version = versionOf(database)
  if (version > STEPS.length) throw new Error(`the store was written by a newer airhop-ingest (schema ${version})`)
  if (version < STEPS.length) {
    transaction(database, () => {
      for (const step of STEPS.slice(version)) database.exec(step)
      database.exec(`PRAGMA user_version = ${STEPS.length}`)
    })
  }
  return database
}

const versionOf = (database: Database) => Number(database.prepare('PRAGMA user_version').get()?.user_version)
