import type { Database } from '../sqlite.ts'
import { eventJson, KEPT } from './event-json.ts'
import type {
  Audience,
  CatalogueField,
  LiveEvent,
  LiveFilter,
  LivePlace,
  LiveRejected,
  PageQueries,
  RefusalGroup,
} from './page-port.ts'
import { BY_MESSAGE_ID, type Condition, conditionsOf, REJECTED, toRejected } from './queries.ts'

const EXAMPLES = 5

/** What is shown of quarantine, and in how many events of a name is looked for different reasons. */
const HELD_NAMES = 50
const HELD_LOOKED_AT = 20
const HELD_MESSAGES = 3

/** What one look goes over at most: a filter that nothing matches may not keep everybody waiting. */
const LOOK_EVENTS = 20_000

/** A look into the past goes back over at most so many rejections. */
const PAST_REJECTED = 50

/** Reads what is committed, at once: each call is one look at the file. */
export function createPageQueries(database: Database): PageQueries {
  const findWorkspace = database.prepare('SELECT id FROM workspaces WHERE name = ?')
  const newestEvent = database.prepare('SELECT max(id) AS id FROM events')
  const newestRejected = database.prepare('SELECT max(id) AS id FROM rejected')
  const everStored = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`)
  const lost = database.prepare('SELECT coalesce(sum(events), 0) AS events FROM losses')
  const reasons = (whose: string) => `
    SELECT code, count(*) AS count, min(received_at) AS first_at, max(received_at) AS last_at
    FROM rejected WHERE ${whose} GROUP BY code ORDER BY max(id) DESC`
  const heldNames = database.prepare(`
    SELECT type, name, count(*) AS events, min(received_at) AS first_at, max(received_at) AS last_at
    FROM quarantined WHERE workspace = ? GROUP BY type, name ORDER BY last_at DESC LIMIT ${HELD_NAMES}`)
  const newestHeld = `FROM quarantined WHERE workspace = ? AND type = ? AND name = ? ORDER BY received_at DESC, id DESC`
  const heldMessages = database.prepare(`SELECT message ${newestHeld} LIMIT ${HELD_LOOKED_AT}`)
  const heldExample = database.prepare(`SELECT json ${newestHeld} LIMIT 1`)
  const findByMessageId = database.prepare(`
    SELECT id, stored_at, ${KEPT}, position, place, times, last_at FROM events LEFT JOIN repeats ON repeats.event = events.id
    WHERE ${BY_MESSAGE_ID}`)
  const allNames = database.prepare('SELECT * FROM names WHERE workspace = ? ORDER BY type, name')
  const oneName = database.prepare('SELECT * FROM names WHERE workspace = ? AND type = ? AND name = ?')
  const allHours = database.prepare(`
    SELECT name_hours.name, hour, name_hours.events FROM name_hours JOIN names ON names.id = name_hours.name WHERE workspace = ?`)
  const hoursOfOne = database.prepare(`
    SELECT name_hours.name, hour, name_hours.events FROM name_hours JOIN names ON names.id = name_hours.name
    WHERE workspace = ? AND type = ? AND names.name = ?`)
  const allFields = `
    SELECT names.type AS name_type, names.name AS name_text, fields.* FROM fields JOIN names ON names.id = fields.name
    WHERE workspace = ?`

  /** Of a workspace that has stored nothing yet there is no id; -1 is nobody's. */
  const idOf = (workspace: string) => (findWorkspace.get(workspace)?.id as number | undefined) ?? -1

  const select = (sql: string, conditions: Condition[], tail: string) =>
    database
      .prepare(`${sql} WHERE ${conditions.map((condition) => condition.sql).join(' AND ')} ${tail}`)
      .all(...conditions.flatMap(({ values }) => values))

  const whose = ({ workspace, alsoUnknown }: Audience): Condition => ({
    sql: alsoUnknown ? '(workspace = ? OR workspace IS NULL)' : 'workspace = ?',
    values: [idOf(workspace)],
  })

  /** Rejections have none of what events are asked for by. */
  const showsRejected = (filter: LiveFilter) => Object.keys(filter).length === 0

  const liveNewest = (): LivePlace => ({
    event: (newestEvent.get()?.id as number | null) ?? 0,
    rejected: (newestRejected.get()?.id as number | null) ?? 0,
  })

  return {
    liveNewest,

    livePlace(audience, filter, last) {
      const newest = liveNewest()
      if (last === 0) return newest
      // Type and source have no index: of them the newest are searched.
      const { type: _, source: __, ...indexed } = filter
      const unbound = Object.keys(indexed).length > 0 || showsRejected(filter)
      const bound: Condition[] = unbound ? [] : [{ sql: 'id > ?', values: [newest.event - LOOK_EVENTS] }]
      const found = select(
        'SELECT id FROM events',
        [...conditionsOf(idOf(audience.workspace), filter), ...bound],
        `ORDER BY id DESC LIMIT ${last}`,
      )
      const rejected = select('SELECT id FROM rejected', [whose(audience)], `ORDER BY id DESC LIMIT ${PAST_REJECTED}`)
      return {
        event: found.length === 0 ? newest.event : (found.at(-1)!.id as number) - 1,
        rejected: rejected.length === 0 ? newest.rejected : (rejected.at(-1)!.id as number) - 1,
      }
    },

    liveAfter(audience, filter, after, limit) {
      const newest = liveNewest()
      const between = (from: number, to: number): Condition => ({ sql: 'id > ? AND id <= ?', values: [from, to] })
      const lookedUpTo = Math.min(newest.event, after.event + LOOK_EVENTS)
      const events = select(
        `SELECT id, stored_at, ${KEPT} FROM events`,
        [...conditionsOf(idOf(audience.workspace), filter), between(after.event, lookedUpTo)],
        `ORDER BY id LIMIT ${limit}`,
      ).map(toLiveEvent)
      const rejected = showsRejected(filter)
        ? select(
            `SELECT id, ${REJECTED} FROM rejected`,
            [whose(audience), between(after.rejected, newest.rejected)],
            `ORDER BY id LIMIT ${limit}`,
          ).map(toLiveRejected)
        : []
      const fullEvents = events.length === limit
      const fullRejected = rejected.length === limit
      return {
        events,
        rejected,
        upTo: {
          event: fullEvents ? events.at(-1)!.id : lookedUpTo,
          rejected: fullRejected ? rejected.at(-1)!.id : newest.rejected,
        },
        more: fullEvents || fullRejected || lookedUpTo < newest.event,
      }
    },

    refusals(audience) {
      const condition = whose(audience)
      return database
        .prepare(reasons(condition.sql))
        .all(...condition.values)
        .map((row): RefusalGroup => {
          const code = row.code as string
          const examples = select(
            `SELECT id, ${REJECTED} FROM rejected`,
            [condition, { sql: 'code = ?', values: [code] }],
            `ORDER BY id DESC LIMIT ${EXAMPLES}`,
          )
          return {
            code,
            count: row.count as number,
            firstAtMs: row.first_at as number,
            lastAtMs: row.last_at as number,
            examples: examples.map(toLiveRejected),
          }
        })
    },

    quarantinedNames(workspace) {
      const id = idOf(workspace)
      return heldNames.all(id).map((row) => {
        const { type, name } = row as { type: string; name: string }
        const messages = heldMessages.all(id, type, name).map(({ message }) => message as string)
        return {
          type,
          name,
          events: row.events as number,
          firstAtMs: row.first_at as number,
          lastAtMs: row.last_at as number,
          messages: [...new Set(messages)].slice(0, HELD_MESSAGES),
          json: heldExample.get(id, type, name)!.json as string,
        }
      })
    },

    inspect(workspace, messageId) {
      const id = idOf(workspace)
      const row = findByMessageId.get(id, messageId, id, messageId)
      if (!row) return undefined
      return {
        ...toLiveEvent(row),
        position: row.position as number | null,
        place: row.place as number | null,
        repeats: (row.times as number | null) ?? 0,
        lastRepeatAtMs: row.last_at as number | null,
      }
    },

    catalogue(workspace, only) {
      const id = idOf(workspace)
      const which = only ? [only.type, only.name] : []
      const hours = new Map<number, Map<number, number>>()
      for (const row of (only ? hoursOfOne : allHours).iterate(id, ...which)) {
        const name = row.name as number
        if (!hours.has(name)) hours.set(name, new Map())
        hours.get(name)!.set(row.hour as number, row.events as number)
      }
      return (only ? oneName : allNames).all(id, ...which).map((row) => ({
        type: row.type as string,
        name: row.name as string,
        events: row.events as number,
        firstAtMs: row.first_at as number,
        lastAtMs: row.last_at as number,
        hours: hours.get(row.id as number) ?? new Map(),
      }))
    },

    fields(workspace, only) {
      const found = new Map<string, CatalogueField[]>()
      const rows = only
        ? database
            .prepare(`${allFields} AND names.type = ? AND names.name = ? ORDER BY field, fields.events DESC`)
            .all(idOf(workspace), only.type, only.name)
        : database.prepare(`${allFields} ORDER BY field, fields.events DESC`).all(idOf(workspace))
      for (const row of rows) {
        const key = `${row.name_type}\n${row.name_text}`
        if (!found.has(key)) found.set(key, [])
        found.get(key)!.push({
          field: row.field as string,
          type: row.type as string,
          events: row.events as number,
          firstAtMs: row.first_at as number,
          lastAtMs: row.last_at as number,
          examples: JSON.parse(row.examples as string),
        })
      }
      return found
    },

    storedEver: () => Number(everStored.get()?.seq ?? 0),
    lostInBrowsers: () => lost.get()!.events as number,
  }
}

type Row = Record<string, unknown>

const toLiveEvent = (row: Row): LiveEvent => ({
  id: row.id as number,
  storedAtMs: row.stored_at as number | null,
  json: eventJson(row),
})

const toLiveRejected = (row: Row): LiveRejected => ({ id: row.id as number, ...toRejected(row) })
