import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
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
    rulings     TEXT,
    packed      INTEGER
  )`

/**
 * A body from this length on, which its sender has not compressed, is kept compressed: of a batch of 100 events half a
 * microsecond an event, and a tenth of the bytes to write and to keep. Of less, it costs more than it saves.
 */
const PACKED_MIN_BYTES = 4096

/**
 * The fastest of its ordinary levels. Without a level it is 3, whose tables cost more to clear than the bodies to pack; -1
 * means the same to Node as none. Those from -2 on are no faster, and half as long again.
 */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Makes the table, or brings one of an earlier version to this. */
export function createTable(database: Database): void {
  database.exec(SCHEMA)
  const has = database.prepare(`SELECT 1 FROM pragma_table_info('entries') WHERE name = ?`)
  if (!has.get('rulings')) database.exec('ALTER TABLE entries ADD COLUMN rulings TEXT')
  if (!has.get('packed')) database.exec('ALTER TABLE entries ADD COLUMN packed INTEGER')
}

export const INSERT = `
  INSERT INTO entries (source, door, received_at, workspace, facts, encoding, body_bytes, events, refusal, body, rulings, packed)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const NEXT = 'SELECT * FROM entries WHERE position > ? ORDER BY position'

export const AT = 'SELECT * FROM entries WHERE position = ?'

/** What an entry takes beside its body and its rulings, about. */
const OVERHEAD_BYTES = 256

/** Of SQL: what a row takes, about; as `bytesOf`. */
export const ROW_BYTES = `length(body) + coalesce(length(rulings), 0) + ${OVERHEAD_BYTES}`

export const bytesOf = ({ body, rulings }: Row): number => body.length + (rulings?.length ?? 0) + OVERHEAD_BYTES

export type Row = ReturnType<typeof toRow>

export function toRow(entry: Entry) {
  const { receivedAtMs, body, rulings } = entry
  const packed = !entry.encoding && body.length >= PACKED_MIN_BYTES
  return {
    receivedAtMs,
    body: packed ? zstdCompressSync(body, PACKING) : body,
    rulings: rulings && JSON.stringify(rulings),
    packed: Number(packed),
    entry,
  }
}

/** The parameters of `INSERT`. */
export const valuesOf = ({ entry, body, rulings, packed }: Row) =>
  [
    entry.source,
    entry.door,
    entry.receivedAtMs,
    entry.workspace,
    JSON.stringify(entry.facts),
    entry.encoding,
    entry.bodyBytes,
    entry.events,
    entry.refusal && JSON.stringify(entry.refusal),
    body,
    rulings,
    packed,
  ] as const

export const toEntry = (row: Record<string, unknown>): Entry => ({
  source: row.source as Source,
  door: row.door as string,
  receivedAtMs: row.received_at as number,
  workspace: row.workspace as string | null,
  facts: JSON.parse(row.facts as string) as RequestFacts,
  encoding: row.encoding as string | null,
  body: row.packed ? unpack(row.body as Uint8Array, row.body_bytes as number) : (row.body as Uint8Array),
  bodyBytes: row.body_bytes as number,
  events: row.events as number,
  refusal: row.refusal === null ? null : (JSON.parse(row.refusal as string) as Refusal),
  rulings: row.rulings === null ? null : (JSON.parse(row.rulings as string) as Rulings),
})

/**
 * In one piece, with a byte to spare so that its end is seen. A body that its sender has compressed without saying so has
 * another length than `bodyBytes`, which is what it holds: it may come in several pieces.
 */
const unpack = (body: Uint8Array, bodyBytes: number) =>
  zstdDecompressSync(body, { chunkSize: Math.max(PACKED_MIN_BYTES, bodyBytes + 1) })
