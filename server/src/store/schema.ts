import { type Database, openForWriting, transaction } from '../sqlite.ts'

/** An event is some 500 bytes, and some are far longer: on pages of 4 KiB more of the file would be left empty. */
const PAGE_BYTES = 8192

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
  `
  -- When it happened, ms since the epoch; and whose it is: the strongest id that it says. 0 is nobody.
  ALTER TABLE events ADD COLUMN at      INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN subject INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX events_timeline ON events (subject, at);
  CREATE INDEX events_when     ON events (workspace, event, at, subject);

  -- Every id that stands for somebody; a person is all subjects of one root. See people.ts and ownership.ts.
  CREATE TABLE subjects (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    key       TEXT NOT NULL,
    root      INTEGER NOT NULL,
    events    INTEGER NOT NULL DEFAULT 0,
    first_at  INTEGER,
    last_at   INTEGER,
    verified  INTEGER NOT NULL DEFAULT 0,
    -- Of a root: the business domain of its e-mail address, and whether a group call says an account.
    domain    TEXT,
    grouped   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (workspace, kind, key)
  );
  CREATE INDEX subjects_root   ON subjects (root);
  CREATE INDEX subjects_person ON subjects (workspace) WHERE root = id;
  CREATE INDEX subjects_domain ON subjects (workspace, domain) WHERE domain IS NOT NULL;

  -- That an id belongs to a stronger one, by the best of the events that say so.
  CREATE TABLE claims (
    weaker     INTEGER NOT NULL,
    stronger   INTEGER NOT NULL,
    verified   INTEGER NOT NULL,
    late       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (weaker, stronger)
  ) WITHOUT ROWID;
  CREATE INDEX claims_stronger ON claims (stronger);

  -- Claims that an administrator undid; by what the ids are called, so that it holds when subjects are made again.
  CREATE TABLE splits (
    workspace     INTEGER NOT NULL,
    weaker_kind   INTEGER NOT NULL,
    weaker_key    TEXT NOT NULL,
    stronger_kind INTEGER NOT NULL,
    stronger_key  TEXT NOT NULL,
    PRIMARY KEY (workspace, weaker_kind, weaker_key, stronger_kind, stronger_key)
  ) WITHOUT ROWID;

  CREATE TABLE traits (
    subject    INTEGER NOT NULL,
    level      INTEGER NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    late       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (subject, level, key)
  ) WITHOUT ROWID;

  CREATE TABLE accounts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    key       TEXT NOT NULL,
    UNIQUE (workspace, key)
  );
  CREATE TABLE account_traits (
    account    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (account, key)
  ) WITHOUT ROWID;
  CREATE TABLE memberships (account INTEGER, subject INTEGER, PRIMARY KEY (account, subject)) WITHOUT ROWID;
  CREATE INDEX memberships_subject ON memberships (subject);

  -- By which people (their root) and accounts are searched for, in lower case.
  CREATE TABLE person_words  (workspace INTEGER, word TEXT, root INTEGER, PRIMARY KEY (workspace, word, root)) WITHOUT ROWID;
  CREATE INDEX person_words_root ON person_words (root);
  CREATE TABLE account_words (workspace INTEGER, word TEXT, account INTEGER, PRIMARY KEY (workspace, word, account)) WITHOUT ROWID;
  CREATE INDEX account_words_account ON account_words (account);

  -- Days since the epoch. An event without a name is ''.
  CREATE TABLE counts (
    workspace INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    type      TEXT NOT NULL,
    source    TEXT NOT NULL,
    event     TEXT NOT NULL,
    events    INTEGER NOT NULL,
    PRIMARY KEY (workspace, day, type, source, event)
  ) WITHOUT ROWID;
  CREATE TABLE active (workspace INTEGER, day INTEGER, subject INTEGER, PRIMARY KEY (workspace, day, subject)) WITHOUT ROWID;

  -- What became of an order of an administrator, for who waits for it.
  CREATE TABLE outcomes (order_id TEXT PRIMARY KEY, at INTEGER NOT NULL, outcome TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE imports (file TEXT PRIMARY KEY, lines INTEGER NOT NULL) WITHOUT ROWID;

  -- One row while people, accounts and counts are made from the events: up to which event that is done.
  CREATE TABLE rebuilding (up_to INTEGER NOT NULL);
  INSERT INTO rebuilding SELECT 0 WHERE EXISTS (SELECT 1 FROM events);
  `,
  `
  -- Where the request of an event lies in the log, and when it was stored (ms); null of what was stored before this step.
  ALTER TABLE events ADD COLUMN position  INTEGER;
  ALTER TABLE events ADD COLUMN place     INTEGER;
  ALTER TABLE events ADD COLUMN stored_at INTEGER;

  -- How often an event came again.
  CREATE TABLE repeats (event INTEGER PRIMARY KEY, times INTEGER NOT NULL, last_at INTEGER NOT NULL);
  CREATE TRIGGER events_repeats AFTER DELETE ON events BEGIN DELETE FROM repeats WHERE event = OLD.id; END;

  -- The catalogue, kept with every commit: see catalogue.ts.
  CREATE TABLE names (
    id        INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    type      TEXT NOT NULL,
    name      TEXT NOT NULL,
    events    INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    UNIQUE (workspace, type, name)
  );
  CREATE TABLE name_hours (name INTEGER, hour INTEGER, events INTEGER NOT NULL, PRIMARY KEY (name, hour)) WITHOUT ROWID;
  CREATE TABLE fields (
    name     INTEGER,
    field    TEXT,
    type     TEXT,
    events   INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    examples TEXT NOT NULL,
    PRIMARY KEY (name, field, type)
  ) WITHOUT ROWID;

  -- Names of what was stored before this step; their fields are learned from what comes next.
  INSERT INTO names (workspace, type, name, events, first_at, last_at)
    SELECT workspace, type, substr(coalesce(event, json ->> '$.name', ''), 1, 200) AS name, count(*),
      min(unixepoch(json ->> '$.receivedAt') * 1000), max(unixepoch(json ->> '$.receivedAt') * 1000)
    FROM events GROUP BY workspace, type, name;
  INSERT INTO name_hours (name, hour, events)
    SELECT names.id, unixepoch(json ->> '$.receivedAt') / 3600 AS hour, count(*)
    FROM events JOIN names ON names.workspace = events.workspace AND names.type = events.type
      AND names.name = substr(coalesce(event, json ->> '$.name', ''), 1, 200)
    GROUP BY names.id, hour;
  `,
  `
  -- What pages say that they have dropped: the largest sum of each page and reason. Days since the epoch. See losses.ts.
  CREATE TABLE losses (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL,
    page      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    events    INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    seen_day  INTEGER NOT NULL,
    UNIQUE (workspace, page, reason)
  );
  CREATE INDEX losses_order  ON losses (workspace);
  CREATE INDEX losses_reason ON losses (workspace, reason, first_at, events, last_at);
  CREATE INDEX losses_seen   ON losses (seen_day);
  `,
  `
  -- By what an event in quarantine is listed, as in the catalogue.
  ALTER TABLE quarantined ADD COLUMN type TEXT NOT NULL DEFAULT '';
  ALTER TABLE quarantined ADD COLUMN name TEXT NOT NULL DEFAULT '';
  UPDATE quarantined SET type = json ->> '$.type', name = substr(coalesce(json ->> '$.event', json ->> '$.name', ''), 1, 200);
  CREATE INDEX quarantined_names ON quarantined (workspace, type, name, received_at);
  `,
  `
  -- Whose events they are is known by the subjects and asked by the timelines: see queries.ts. The columns are not written
  -- any more; to drop them would write all events anew.
  DROP INDEX events_user;
  DROP INDEX events_anonymous;
  DROP INDEX events_email;
  `,
  `
  -- What an event's JSON does not say again, see event-json.ts: times as ms after \`at\`. All are null where the JSON is
  -- whole, as that of what was stored before this step.
  ALTER TABLE events ADD COLUMN received_after INTEGER;
  ALTER TABLE events ADD COLUMN original_after INTEGER;
  ALTER TABLE events ADD COLUMN sent_after     INTEGER;
  ALTER TABLE events ADD COLUMN verified       INTEGER;
  `,
]

/** Makes the file, or brings an older one to this version. Throws at a file of a newer version. */
export function migrate(file: string): void {
  const database = openForWriting(file, toThisVersion, PAGE_BYTES)
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
