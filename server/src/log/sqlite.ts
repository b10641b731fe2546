import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openForReading, openForWriting, type Statement, transaction } from '../sqlite.ts'
import {
  AT,
  bytesOf,
  createTable,
  INSERT,
  NEXT,
  ROW_BYTES,
  type Row,
  toEntry,
  toRow,
  valuesOf,
} from './entries-table.ts'
import { createLedger } from './ledger.ts'
import { type Chunk, type Log, LogFull, LogUnavailable, type Position } from './port.ts'

/** What may wait for processing before appends are refused: minutes of a full load. */
const LOG_MAX_BYTES = 1024 ** 3

/** What may wait in memory for the next commit. Far more than the turns that it waits for gather. */
const QUEUE_MAX_BYTES = 64 * 1024 ** 2

/** Turns of the event loop that a commit waits for more at most; a few milliseconds under full load. */
const GATHER_MAX_TURNS = 8

/** Processed entries that stay, so that a store can be made again from them. */
const KEEP_BYTES = 256 * 1024 ** 2
const KEEP_MS = 7 * 86_400_000

/** A chunk for the worker: fewer and larger transactions cost it half the CPU of ones of 1,000 events. */
const CHUNK_EVENTS = 10_000
const CHUNK_BYTES = 8 * 1024 ** 2

/** How often a consumer that has caught up looks again: a tenth of a blink; one look costs some 10 µs. */
const POLL_MS = 50

/** A failed log is opened again at most this often. */
const REOPEN_MS = 1000

/** So many positions are summed up together when the log is opened. */
const OPENING = `
  SELECT max(position) AS last, sum(${ROW_BYTES}) AS bytes, max(received_at) AS at
  FROM entries GROUP BY position / 100 ORDER BY last`

interface Waiting {
  rows: readonly Row[]
  bytes: number
  resolve(): void
  reject(error: Error): void
}

export interface SqliteLogOptions {
  file: string
  maxBytes?: number
  keepBytes?: number
  keepMs?: number
  now?: () => number
}

/**
 * A log in one SQLite file, of one partition. All that is appended in adjoining turns of the event loop shares one commit,
 * and so one fsync. It may be opened in several threads, of which one appends and releases, and one consumes.
 */
export function openSqliteLog({
  file,
  maxBytes = LOG_MAX_BYTES,
  keepBytes = KEEP_BYTES,
  keepMs = KEEP_MS,
  now = Date.now,
}: SqliteLogOptions): Log {
  const ledger = createLedger({ keepBytes, keepMs })
  const writer = createWriter(file, (database) => {
    for (const { last, bytes, at } of database.prepare(OPENING).iterate()) {
      ledger.add(last as number, bytes as number, at as number)
    }
  })
  let queue: Waiting[] = []
  let queuedBytes = 0
  /** Of the append that was refused last, until one was not. */
  let refusedBytes = 0

  const fullness = () => `${ledger.backlog().bytes} bytes wait to be processed.`
  const isFull = () => refusedBytes > 0 && ledger.backlog().bytes + refusedBytes > maxBytes

  /** Commits once a turn of the event loop brings nothing more: a commit costs about the same whatever it holds. */
  function gather(before: number, turns: number): void {
    if (queue.length > before && turns < GATHER_MAX_TURNS) setImmediate(gather, queue.length, turns + 1)
    else if (queue.length > 0) commitQueue()
  }

  function commitQueue(): void {
    const waiting = queue
    queue = []
    queuedBytes = 0
    try {
      const positions = writer.append(waiting.map(({ rows }) => rows))
      waiting.forEach(({ rows, bytes, resolve }, at) => {
        ledger.add(positions[at]!, bytes, rows.at(-1)?.receivedAtMs ?? now())
        resolve()
      })
    } catch (error) {
      for (const { reject } of waiting) reject(asUnavailable(error))
    }
  }

  return {
    append(entries) {
      const rows = entries.map(toRow)
      const bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0)
      if (ledger.backlog().bytes + queuedBytes + bytes > maxBytes || queuedBytes + bytes > QUEUE_MAX_BYTES) {
        refusedBytes = bytes
        return Promise.reject(new LogFull(fullness()))
      }
      refusedBytes = 0
      queuedBytes += bytes
      if (queue.length === 0) setImmediate(gather, 0, 1)
      return new Promise((resolve, reject) => queue.push({ rows, bytes, resolve, reject }))
    },

    async consume(_partition, after, handle, signal) {
      const reader = openForReading(file)
      try {
        const next = reader.prepare(NEXT)
        let position = after ?? 0
        while (!signal.aborted) {
          const chunk = readChunk(next, position)
          if (chunk.entries.length > 0) await handle(chunk)
          position = chunk.upTo
          // What comes meanwhile shares the next transaction.
          if (!chunk.full) await sleep(POLL_MS, undefined, { signal }).catch(unlessAborted(signal))
        }
      } finally {
        reader.close()
      }
    },

    async release(_partition, upTo) {
      writer.start(upTo)
      ledger.release(upTo)
      const expired = ledger.trim(now())
      if (expired !== undefined) writer.remove(expired)
    },

    async entryAt(_partition, position) {
      const reader = openForReading(file)
      try {
        const row = reader.prepare(AT).get(position)
        return row && toEntry(row)
      } finally {
        reader.close()
      }
    },

    backlog: ledger.backlog,
    newest: ledger.newest,
    failure: () => writer.failure() ?? (isFull() ? fullness() : undefined),
    survives: 'power',
    partitions: 1,

    async close() {
      if (queue.length > 0) commitQueue()
      writer.close()
    },
  }
}

interface Connection {
  database: Database
  insert: Statement
}

/** The connection that writes. What fails lets go of it: after a failed fsync only a new one may write. */
function createWriter(file: string, onFirstOpen: (database: Database) => void) {
  let connection: Connection | undefined
  let failure: { message: string; atMs: number } | undefined
  let started = false
  let newest: Position = 0

  function open() {
    if (connection) return connection
    if (failure && performance.now() - failure.atMs < REOPEN_MS) throw new LogUnavailable(failure.message)
    connection = openForWriting(file, (database) => {
      createTable(database)
      newest = Number(database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'entries'`).get()?.seq ?? 0)
      if (!started) onFirstOpen(database)
      started = true
      return { database, insert: database.prepare(INSERT) }
    })
    return connection
  }

  function write<Result>(work: (open: Connection) => Result): Result {
    try {
      const opened = open()
      const result = transaction(opened.database, () => work(opened))
      failure = undefined
      return result
    } catch (error) {
      if (error instanceof LogUnavailable) throw error
      connection?.database.close()
      connection = undefined
      failure = { message: (error as Error).message, atMs: performance.now() }
      throw asUnavailable(error)
    }
  }

  return {
    /** Opens the file. One that was made anew beside an older store goes on where that is: no position is used twice. */
    start(processedUpTo: Position) {
      if (started) return
      const { database } = open()
      if (processedUpTo <= newest) return
      database.prepare(`DELETE FROM sqlite_sequence WHERE name = 'entries'`).run()
      database.prepare(`INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)`).run(processedUpTo)
      newest = processedUpTo
    },

    /** The position of the last entry of each group. */
    append: (groups: readonly (readonly Row[])[]): Position[] =>
      write(({ insert }) =>
        groups.map((rows) => {
          for (const row of rows) newest = Number(insert.run(...valuesOf(row)).lastInsertRowid)
          return newest
        }),
      ),

    remove: (upTo: Position) =>
      write(({ database }) => database.prepare('DELETE FROM entries WHERE position <= ?').run(upTo)),

    failure: () => failure?.message,
    close: () => connection?.database.close(),
  }
}

function readChunk(next: Statement, after: Position): Chunk & { full: boolean } {
  const entries: Chunk['entries'][number][] = []
  let events = 0
  let bytes = 0
  const isFull = () => events >= CHUNK_EVENTS || bytes >= CHUNK_BYTES
  for (const row of next.iterate(after)) {
    const entry = toEntry(row)
    entries.push({ position: row.position as number, entry })
    events += entry.events
    bytes += entry.bodyBytes
    if (isFull()) break
  }
  return { entries, upTo: entries.at(-1)?.position ?? after, full: isFull() }
}

const asUnavailable = (error: unknown) =>
  error instanceof LogUnavailable ? error : new LogUnavailable((error as Error).message, { cause: error })

const unlessAborted = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error
}
