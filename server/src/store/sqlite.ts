import type { Position } from '../log/port.ts'
import { type Database, openForReading, openForWriting, transaction } from '../sqlite.ts'
import { createContacts } from './contacts.ts'
import { createDedup } from './dedup.ts'
import type { Changes, Rejected, Store, StoredEvent } from './port.ts'
import { createQuarantine } from './quarantine.ts'
import { createQueries } from './queries.ts'
import { migrate } from './schema.ts'

/** What was rejected is there to be looked at soon: the newest so many stay. */
const REJECTED_MAX_ROWS = 10_000

/**
 * A store in one SQLite file. It may be opened in several threads, of which one commits. A commit that fails lets go of
 * the connection for good: open the store anew.
 */
export function openSqliteStore(file: string): Store {
  migrate(file)
  const reader = openForReading(file)
  let writer: ReturnType<typeof createWriter> | undefined
  const position = reader.prepare('SELECT position FROM positions WHERE partition = ?')

  return {
    async position(partition) {
      return position.get(partition)?.position as Position | undefined
    },

    async commit(partition, upTo, changes) {
      writer ??= openForWriting(file, createWriter)
      writer.commit(partition, upTo, changes)
    },

    query: createQueries(reader),
    contacts: createContacts(reader),

    async close() {
      reader.close()
      writer?.close()
    },
  }
}

function createWriter(database: Database) {
  const dedup = createDedup(database)
  const quarantine = createQuarantine(database)
  const lastEvent = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`)
  const insertEvent = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertRejected = database.prepare(`
    INSERT INTO rejected (workspace, received_at, source, status, code, message, place, message_id, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const pruneRejected = database.prepare('DELETE FROM rejected WHERE id <= ?')
  const insertWorkspace = database.prepare('INSERT INTO workspaces (name) VALUES (?) ON CONFLICT DO NOTHING')
  const findWorkspace = database.prepare('SELECT id FROM workspaces WHERE name = ?')
  const advance = database.prepare(`
    INSERT INTO positions VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET position = excluded.position, stored_at = coalesce(excluded.stored_at, stored_at)`)
  const workspaceIds = new Map<string, number>()

  function workspaceId(name: string): number {
    const known = workspaceIds.get(name)
    if (known !== undefined) return known
    insertWorkspace.run(name)
    const id = findWorkspace.get(name)!.id as number
    workspaceIds.set(name, id)
    return id
  }

  /** How many of them were new. */
  function storeEvents(events: readonly StoredEvent[]): number {
    const oldest = events[0]
    if (!oldest) return 0
    const ids = dedup.at(oldest.receivedAtMs)
    const first = Number(lastEvent.get()?.seq ?? 0) + 1
    let next = first
    for (const event of events) {
      const workspace = workspaceId(event.workspace)
      const wasHeld = event.released && quarantine.release(workspace, event.messageId)
      // A generated id is nobody else's, whatever a sender makes of `gen-…`; but it may be released twice.
      const isFirst = event.idGenerated && (!event.released || wasHeld)
      if (!ids.claim(workspace, event.messageId, next) && !isFirst) continue
      insertEvent.run(
        next,
        workspace,
        event.type,
        event.source,
        event.userId,
        event.anonymousId,
        event.event,
        event.json,
        event.email,
      )
      next += 1
    }
    return next - first
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

  return {
    commit(partition: number, upTo: Position, { events, rejected, quarantined }: Changes): void {
      try {
        transaction(database, () => {
          const stored = storeEvents(events)
          storeRejected(rejected)
          storeQuarantined(quarantined)
          const newest = quarantined.at(-1)?.event ?? events.at(-1) ?? rejected.at(-1)
          if (newest) quarantine.trim(newest.receivedAtMs)
          advance.run(partition, upTo, stored > 0 ? Date.now() : null)
        })
      } catch (error) {
        database.close()
        throw error
      }
    },
    close: () => database.isOpen && database.close(),
  }
}
