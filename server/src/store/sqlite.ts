import type { Position } from '../log/port.ts'
import { createInserts, type Database, openForReading, openForWriting, transaction } from '../sqlite.ts'
import { createCatalogue } from './catalogue.ts'
import type { Changes, Order, Rejected, Replayed, StoredEvent } from './changes.ts'
import { createDedup } from './dedup.ts'
import { eventJson, KEPT } from './event-json.ts'
import { createLosses } from './losses.ts'
import { createPageQueries } from './page-queries.ts'
import { createPeople } from './people.ts'
import type { Store } from './port.ts'
import { createQuarantine } from './quarantine.ts'
import { createQueries } from './queries.ts'
import { createRemoval } from './removal.ts'
import { migrate } from './schema.ts'

/**
 * What a connection keeps of the file, 64 MiB: with SQLite's own 2 the indexes of a million events are read again and
 * again. As much may wait in the WAL: pages that many commits change are written to the file less often.
 */
const CACHE = `PRAGMA cache_size = -${64 * 1024}; PRAGMA wal_autocheckpoint = ${8 * 1024}`

/** Stands for the event of an id that is known and has none. */
const NO_EVENT = 0

/** What was rejected is there to be looked at soon: the newest so many stay. */
const REJECTED_MAX_ROWS = 10_000

/**
 * A store in one SQLite file. It may be opened in several threads, of which one commits. A commit that fails lets go of
 * the connection for good: open the store anew.
 */
export function openSqliteStore(file: string): Store {
  migrate(file)
  const { reader, query } = openForQueries(file)
  let writer: ReturnType<typeof createWriter> | undefined
  const position = reader.prepare('SELECT position FROM positions WHERE partition = ?')
  const imported = reader.prepare('SELECT lines FROM imports WHERE file = ?')
  const open = () => {
    writer ??= openForWriting(file, createWriter)
    return writer
  }

  return {
    async position(partition) {
      return position.get(partition)?.position as Position | undefined
    },

    async commit(partition, entries) {
      open().commit(partition, entries)
    },

    async importEvents(source, lines, events) {
      return open().importEvents(source, lines, events)
    },

    async imported(source) {
      return (imported.get(source)?.lines as number | undefined) ?? 0
    },

    async tidy() {
      open().tidy()
    },

    async prune(workspace, beforeDay, limit) {
      return open().prune(workspace, beforeDay, limit)
    },

    query,

    async close() {
      reader.close()
      writer?.close()
    },
  }
}

/** A connection that only reads, of a file that `openSqliteStore` has brought to this version. */
export function openForQueries(file: string) {
  const reader = openForReading(file)
  reader.exec(CACHE)
  return { reader, query: { ...createQueries(reader), ...createPageQueries(reader) } }
}

const EVENT_COLUMNS = [
  'id',
  'workspace',
  'type',
  'source',
  'event',
  'json',
  'at',
  'received_after',
  'original_after',
  'sent_after',
  'verified',
  'subject',
  'position',
  'place',
  'stored_at',
]

const receivedAtOf = (json: string) => (JSON.parse(json) as { receivedAt?: unknown }).receivedAt

function createWriter(database: Database) {
  database.exec(CACHE)
  const dedup = createDedup(database)
  const quarantine = createQuarantine(database)
  const catalogue = createCatalogue(database)
  const noteLoss = createLosses(database)
  const lastEvent = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`)
  const people = createPeople(database)
  const removal = createRemoval(database, people, {
    expireBefore: quarantine.expireBefore,
    forget(workspace, ids) {
      const gone = quarantine.forget(workspace, ids)
      // As what was stored is not stored again: neither by a release that is under way, nor because it is sent again.
      for (const { messageId, receivedAtMs } of gone) dedup.at(receivedAtMs).claim(workspace, messageId, NO_EVENT)
      return gone
    },
  })
  const inserts = createInserts(database, 'events', EVENT_COLUMNS)
  const keptOf = database.prepare(`SELECT ${KEPT} FROM events WHERE id = ?`)
  const insertRepeat = database.prepare(`
    INSERT INTO repeats VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET times = times + 1, last_at = excluded.last_at`)
  const insertRejected = database.prepare(`
    INSERT INTO rejected (workspace, received_at, source, status, code, message, place, message_id, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const pruneRejected = database.prepare('DELETE FROM rejected WHERE id <= ?')
  const insertWorkspace = database.prepare('INSERT INTO workspaces (name) VALUES (?) ON CONFLICT DO NOTHING')
  const findWorkspace = database.prepare('SELECT id FROM workspaces WHERE name = ?')
  const advance = database.prepare(`
    INSERT INTO positions VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET position = excluded.position, stored_at = coalesce(excluded.stored_at, stored_at)`)
  const noteImport = database.prepare(
    'INSERT INTO imports VALUES (?, ?) ON CONFLICT DO UPDATE SET lines = excluded.lines',
  )
  const workspaceIds = new Map<string, number>()

  function workspaceId(name: string): number {
    const known = workspaceIds.get(name)
    if (known !== undefined) return known
    insertWorkspace.run(name)
    const id = findWorkspace.get(name)!.id as number
    workspaceIds.set(name, id)
    return id
  }

  /** Whether a generated id that is known is another event's: one of the same place in the log of another server. */
  function isOfAnother(ids: ReturnType<typeof dedup.at>, workspace: number, event: StoredEvent, next: number): boolean {
    const holder = ids.holder(workspace, event.messageId)
    inserts.flush()
    const held = holder === undefined ? undefined : keptOf.get(holder)
    const receivedAt = receivedAtOf(eventJson(event))
    if (held === undefined || receivedAtOf(eventJson(held)) === receivedAt) return false
    return ids.claim(workspace, `${event.messageId} ${receivedAt}`, next)
  }

  /** Begins what is stored together: `add` events, then `finish`. */
  function openEvents(isImport = false) {
    const noted = catalogue.open()
    const storedAtMs = Date.now()
    const first = Number(lastEvent.get()?.seq ?? 0) + 1
    let next = first
    let ids: ReturnType<typeof dedup.at> | undefined

    function add(event: StoredEvent): void {
      ids ??= dedup.at(event.receivedAtMs)
      const workspace = workspaceId(event.workspace)
      const wasHeld = event.released && quarantine.release(workspace, event.messageId)
      // A generated id is nobody else's, whatever a sender makes of `gen-…`; but it may be released twice, or imported.
      const isNew =
        ids.claim(workspace, event.messageId, next) ||
        (event.idGenerated && (isImport ? isOfAnother(ids, workspace, event, next) : !event.released || wasHeld))
      if (!isNew) {
        const holder = ids.holder(workspace, event.messageId)
        if (holder !== undefined && holder !== NO_EVENT) insertRepeat.run(holder, event.receivedAtMs)
        return
      }
      inserts.add(
        next,
        workspace,
        event.type,
        event.source,
        event.event,
        event.json,
        event.atMs,
        event.receivedAfter,
        event.originalAfter,
        event.sentAfter,
        event.verified,
        people.add(workspace, event, next),
        event.origin?.position ?? null,
        event.origin?.place ?? null,
        storedAtMs,
      )
      noted.add(workspace, event)
      next += 1
    }

    return {
      add,
      /** Gives how many of them were new. */
      finish(): number {
        inserts.flush()
        if (next > first) people.flush()
        noted.write()
        return next - first
      },
    }
  }

  /** Gives the places of those rows. */
  function storeRejected(rejected: readonly Rejected[]): number[] {
    const places = rejected.map((row) => {
      const workspace = row.workspace === null ? null : workspaceId(row.workspace)
      const { receivedAtMs, source, status, code, message, index, messageId, body } = row
      const stored = insertRejected.run(workspace, receivedAtMs, source, status, code, message, index, messageId, body)
      return Number(stored.lastInsertRowid)
    })
    if (places.length > 0) pruneRejected.run(places.at(-1)! - REJECTED_MAX_ROWS)
    return places
  }

  /** One that is there or in the store already is not taken again. */
  function storeQuarantined(quarantined: Changes['quarantined']): void {
    const oldest = quarantined[0]
    if (!oldest) return
    const ids = dedup.at(oldest.event.receivedAtMs)
    for (const { event, rejected } of quarantined) {
      const workspace = workspaceId(event.workspace)
      if (ids.knows(workspace, event.messageId) || quarantine.isHeld(workspace, event.messageId)) continue
      const [place] = storeRejected([rejected])
      quarantine.hold(workspace, event, rejected.message, place!)
    }
  }

  function write<Result>(work: () => Result): Result {
    try {
      return transaction(database, work)
    } catch (error) {
      database.close()
      throw error
    }
  }

  return {
    commit: (partition: number, entries: Iterable<Replayed>): void =>
      write(() => {
        const stored = openEvents()
        let upTo: Position = 0
        let newestMs: number | undefined
        let ordered: Order | undefined
        for (const { position, changes } of entries) {
          const { events, rejected, quarantined, losses, order } = changes
          for (const event of events) stored.add(event)
          storeRejected(rejected)
          storeQuarantined(quarantined)
          for (const loss of losses) noteLoss(workspaceId(loss.workspace), loss)
          newestMs = (quarantined.at(-1)?.event ?? events.at(-1) ?? rejected.at(-1))?.receivedAtMs ?? newestMs
          upTo = position
          ordered = order
        }
        const isNew = stored.finish() > 0
        if (newestMs !== undefined) quarantine.trim(newestMs)
        if (ordered) removal.carryOut(workspaceId(ordered.workspace), ordered)
        advance.run(partition, upTo, isNew ? Date.now() : null)
      }),

    importEvents: (file: string | undefined, lines: number, events: readonly StoredEvent[]): number =>
      write(() => {
        const stored = openEvents(true)
        for (const event of events) stored.add(event)
        if (file !== undefined) noteImport.run(file, lines)
        return stored.finish()
      }),

    tidy: (): void => write(removal.tidy),

    prune: (workspace: string, beforeDay: number, limit: number): number =>
      write(() => removal.prune(workspaceId(workspace), beforeDay, limit)),

    close: () => database.isOpen && database.close(),
  }
}
