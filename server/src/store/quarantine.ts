import type { Database } from '../sqlite.ts'
import { KINDS, type Kind, type StoredEvent } from './changes.ts'
import { eventJson } from './event-json.ts'

/** Longer than the ids of what was sent again are known for certain, and time enough to mend a contract. */
const KEEP_MS = 30 * 86_400_000

/** What one workspace may have in quarantine. Past that the oldest go, and are counted. */
const MAX_EVENTS = 100_000
const MAX_CHARS = 256 * 1024 * 1024

/** What it is listed by is cut like a name of the catalogue. */
const NAME_CHARS = 200

/** What an event says whose it is, the strongest first, as `KINDS`. */
const SAID: { readonly [kind in Kind]: string } = {
  user: `json ->> '$.userId'`,
  anonymous: `json ->> '$.anonymousId'`,
  email: `json ->> '$.email'`,
}

/** What is held of somebody. */
export interface HeldEvent {
  messageId: string
  receivedAtMs: number
  /** Whose it is. */
  kind: number
  key: string
}

/** How much a workspace has there. */
interface Held {
  events: number
  chars: number
}

/**
 * Events that are not as their contract says, each once, for at most 30 days. Works inside the transaction of its caller,
 * which is the only one that writes: what is held is counted in memory.
 */
export function createQuarantine(database: Database, { maxEvents = MAX_EVENTS, maxChars = MAX_CHARS } = {}) {
  const insert = database.prepare(`
    INSERT INTO quarantined (workspace, message_id, received_at, message, rejected, id_generated, chars, json, type, name)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const find = database.prepare('SELECT 1 FROM quarantined WHERE workspace = ? AND message_id = ?')
  const remove = database.prepare(`
    DELETE FROM quarantined WHERE workspace = ? AND message_id = ? RETURNING rejected, chars`)
  const removeRejected = database.prepare('DELETE FROM rejected WHERE id = ?')
  const heldOf = database.prepare(`
    SELECT message_id AS messageId, received_at AS receivedAtMs, kind, key FROM (
      SELECT *, coalesce(${KINDS.map((kind) => SAID[kind]).join(', ')}) AS key,
        CASE ${KINDS.map((kind, number) => `WHEN ${SAID[kind]} IS NOT NULL THEN ${number}`).join(' ')} END AS kind
      FROM quarantined WHERE workspace = ?)
    WHERE (kind, key) IN (SELECT value ->> 'kind', value ->> 'key' FROM json_each(?))`)
  const heldBefore = database.prepare(
    'SELECT message_id AS messageId FROM quarantined WHERE workspace = ? AND received_at < ?',
  )
  const oldest = database.prepare(
    'SELECT message_id, received_at FROM quarantined WHERE workspace = ? ORDER BY id LIMIT 1',
  )
  const expire = database.prepare(`
    INSERT INTO quarantine_expired VALUES (?, 1) ON CONFLICT DO UPDATE SET events = events + 1`)
  const workspaces = new Map<number, Held>()
  const counted = database.prepare(
    'SELECT workspace, count(*) AS events, sum(chars) AS chars FROM quarantined GROUP BY 1',
  )
  for (const { workspace, events, chars } of counted.iterate()) {
    workspaces.set(workspace as number, { events: events as number, chars: chars as number })
  }

  const isHeld = (workspace: number, messageId: string) => find.get(workspace, messageId) !== undefined

  /** Whether it was there. The line about it among what was rejected goes with it. */
  function release(workspace: number, messageId: string): boolean {
    const held = workspaces.get(workspace)
    const row = held && remove.get(workspace, messageId)
    if (!row) return false
    held.events -= 1
    held.chars -= row.chars as number
    removeRejected.run(row.rejected as number)
    return true
  }

  return {
    isHeld,
    release,

    /** Lets go of what is of these ids, by the number of their kind; what that was. */
    forget(workspace: number, ids: readonly { kind: number; key: string }[]): HeldEvent[] {
      if (!workspaces.get(workspace)?.events) return []
      const wanted = JSON.stringify(ids.map(({ kind, key }) => ({ kind, key })))
      const events = heldOf.all(workspace, wanted) as unknown as HeldEvent[]
      for (const { messageId } of events) release(workspace, messageId)
      return events
    },

    /** Lets go of what came before a time. */
    expireBefore(workspace: number, receivedAtMs: number): void {
      for (const { messageId } of heldBefore.all(workspace, receivedAtMs)) {
        release(workspace, messageId as string)
        expire.run(workspace)
      }
    },

    /** `rejected` is the line about it among what was rejected. */
    hold(workspace: number, event: StoredEvent, message: string, rejected: number): void {
      const { messageId, receivedAtMs, idGenerated, type, name } = event
      const json = eventJson(event)
      const listed = name.slice(0, NAME_CHARS)
      const { length } = json
      insert.run(workspace, messageId, receivedAtMs, message, rejected, Number(idGenerated), length, json, type, listed)
      const held = workspaces.get(workspace) ?? { events: 0, chars: 0 }
      held.events += 1
      held.chars += length
      workspaces.set(workspace, held)
    },

    /** Lets go of what is too old by the time of arrival of what comes now, and of what is too much. */
    trim(receivedAtMs: number): void {
      for (const [workspace, held] of workspaces) {
        for (let next = oldest.get(workspace); next; next = oldest.get(workspace)) {
          const tooMuch = held.events > maxEvents || held.chars > maxChars
          if (!tooMuch && (next.received_at as number) > receivedAtMs - KEEP_MS) break
          release(workspace, next.message_id as string)
          expire.run(workspace)
        }
      }
    },
  }
}
