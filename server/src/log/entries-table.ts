import type { Refusal } from '../errors.ts'
import type { Database } from '../sqlite.ts'
import type { Entry, RequestFacts, Rulings, Source } from './port.ts'

/** AUTOINCREMENT: a position is not used again, also when all before it was let go of. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT NOT NULL,
    door        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    workspace   TEXT,
    facts       TEXT NOT NULL,
    encoding    TEXT,
    body_bytes  INTEGER NOT NULL,
    events      INTEGER NOT NULL,
    refusal     TEXT,
    body        BLOB NOT NULL,
    rulings     TEXT
  )`

/** Makes the table, or brings one of an earlier version to this. */
export function createTable(database: Database): void {
  database.exec(SCHEMA)
  const hasRulings = database.prepare(`SELECT 1 FROM pragma_table_info('entries') WHERE name = 'rulings'`).get()
  if (!hasRulings) database.exec('ALTER TABLE entries ADD COLUMN rulings TEXT')
}

export const INSERT = `
  INSERT INTO entries (source, door, received_at, workspace, facts, encoding, body_bytes, events, refusal, body, rulings)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const NEXT = 'SELECT * FROM entries WHERE position > ? ORDER BY position'

export const AT = 'SELECT * FROM entries WHERE position = ?'

export function toRow(entry: Entry) {
  return [
    entry.source,
    entry.door,
    entry.receivedAtMs,
    entry.workspace,
    JSON.stringify(entry.facts),
    entry.encoding,
    entry.bodyBytes,
    entry.events,
    entry.refusal && JSON.stringify(entry.refusal),
    entry.body,
    entry.rulings && JSON.stringify(entry.rulings),
  ] as const
}

export const toEntry = (row: Record<string, unknown>): Entry => ({
  source: row.source as Source,
  door: row.door as string,
  receivedAtMs: row.received_at as number,
  workspace: row.workspace as string | null,
  facts: JSON.parse(row.facts as string) as RequestFacts,
  encoding: row.encoding as string | null,
  body: row.body as Uint8Array,
  bodyBytes: row.body_bytes as number,
  events: row.events as number,
  refusal: row.refusal === null ? null : (JSON.parse(row.refusal as string) as Refusal),
  rulings: row.rulings === null ? null : (JSON.parse(row.rulings as string) as Rulings),
})
