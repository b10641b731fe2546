import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** All that airhop uses of a SQLite binding, so that another (better-sqlite3) could take the place of Node's. */
export type Database = DatabaseSync
export type Statement = StatementSync

/** How long a statement waits for a lock of another connection: longer than any of our transactions. */
const BUSY_TIMEOUT_MS = 5000

/** SQLite's own, of a new file. */
const PAGE_BYTES = 4096

/**
 * A connection for writing: WAL, and every commit is on the disk when it returns. The WAL of an earlier connection is
 * folded into the file first: after a failed fsync the kernel no longer knows which of its pages are on the disk
 * (https://lwn.net/Articles/752063/), so nothing may be appended to it. Throws if the disk does not take that, or if
 * `prepare` does. `pageBytes` is that of a new file.
 */
export function openForWriting<Opened>(
  file: string,
  prepare: (database: Database) => Opened,
  pageBytes = PAGE_BYTES,
): Opened {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
    const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    if (checkpoint?.busy !== 0) throw new Error(`${file} is in use by something that does not let go`)
    return prepare(database)
  } catch (error) {
    database.close()
    throw error
  }
}

export function openForReading(file: string): Database {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
}

/** All of `work`, durable when this returns, or nothing of it. */
export function transaction<Result>(database: Database, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // Some failures have rolled back by themselves (https://sqlite.org/lang_transaction.html, "Response To Errors").
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Twenty are 4 % dearer than fifty, and fewer are left over at the end. */
const ROWS_OF_A_STATEMENT = 20

/**
 * Inserts rows of a table, many in one statement: each for itself costs half as much again. They are there after `flush`.
 * One that fails takes the transaction with it (`OR ROLLBACK`): to fail alone, a statement of several rows would keep a
 * journal of its own, which costs what this saves.
 */
export function createInserts(database: Database, table: string, columns: readonly string[]) {
  const row = `(${columns.map(() => '?').join(', ')})`
  const insert = (rows: number) =>
    database.prepare(
      `INSERT OR ROLLBACK INTO ${table} (${columns.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`,
    )
  const many = insert(ROWS_OF_A_STATEMENT)
  const one = insert(1)
  let waiting: SQLInputValue[] = []

  return {
    /** The values in the order of the columns. */
    add(...values: SQLInputValue[]): void {
      waiting.push(...values)
      if (waiting.length < ROWS_OF_A_STATEMENT * columns.length) return
      many.run(...waiting)
      waiting = []
    },

    flush(): void {
      for (let at = 0; at < waiting.length; at += columns.length) one.run(...waiting.slice(at, at + columns.length))
      waiting = []
    },
  }
}

/** Holds a file against every other connection, of any process, until it is closed. Throws `database is locked` if it is held. */
export function openForLocking(file: string): Database {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
