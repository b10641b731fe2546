import type { Refusal } from '../errors.ts'
import type { Entry, RequestFacts, Source } from './port.ts'

/** AUTOINCREMENT: a position is not used again, also when all before it was let go of. */
export const SCHEMA = `
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
    body        BLOB NOT NULL
  )`

export const INSERT = `
  INSERT INTO entries (source, door, received_at, workspace, facts, encoding, body_bytes, events, refusal, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const NEXT = 'SELECT * FROM entries WHERE position > ? ORDER BY position'

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
})
