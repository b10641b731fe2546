import type { Database } from '../sqlite.ts'
import type { Rejected } from './changes.ts'
import { createCounts } from './counts.ts'
import { DAY_MS } from './days.ts'
import { eventJson, KEPT } from './event-json.ts'
import { KIND } from './ownership.ts'
import { createProfiles } from './profiles.ts'
import type { EventFilter, Page, Paging, Queries } from './queries-port.ts'

/** Columns by which events are asked for. Not among them: `messageId`, whose ids are kept apart, see dedup.ts; and who it was. */
const COLUMNS = {
  event: 'event',
  type: 'type',
  source: 'source',
} satisfies Partial<Record<keyof EventFilter, string>>

/**
 * Events in the order of their ids, by the subjects whose timelines they may be in: an index of each id's text would be
 * a third of what an event takes, and its pages all over the file.
 */
const inTimelines = (subjects: string) => `id IN (SELECT id FROM events WHERE subject IN (${subjects}))`

/** Of an id of a kind, as `?` workspace and `?` key. */
const SUBJECT = (kind: number) => `SELECT id FROM subjects WHERE workspace = ? AND kind = ${kind} AND key = ?`

/** Whoever has used a browser; with the browser's own events before that. */
const USERS_OF_BROWSER = `
  SELECT c.stronger FROM claims c JOIN subjects w ON w.id = c.weaker
  WHERE w.workspace = ? AND w.kind = ${KIND.anonymous} AND w.key = ?`

const BY_USER = inTimelines(SUBJECT(KIND.user))
const BY_BROWSER = `${inTimelines(`${SUBJECT(KIND.anonymous)} UNION ${USERS_OF_BROWSER}`)} AND json ->> '$.anonymousId' = ?`

/** Of the SDK's own there are four; others are of who writes with the public key. */
const LOSS_REASONS_MAX = 100

export const BY_MESSAGE_ID = `id = (
  SELECT event FROM ids_0 WHERE workspace = ? AND message_id = ? UNION ALL
  SELECT event FROM ids_1 WHERE workspace = ? AND message_id = ?)`

export interface Condition {
  sql: string
  values: (string | number)[]
}

/** What the events of a workspace must have, by its number. `who`: a user id or an anonymous id. */
export function conditionsOf(
  workspace: number,
  { messageId, userId, anonymousId, who, ...filter }: EventFilter & { who?: string },
): Condition[] {
  // By the index of the workspace alone, all of it would be read and sorted: `+` keeps SQLite to the order of ids.
  const conditions: Condition[] = [
    { sql: `${filter.event === undefined ? '+' : ''}workspace = ?`, values: [workspace] },
  ]
  for (const [field, column] of Object.entries(COLUMNS)) {
    const value = filter[field as keyof typeof filter]
    if (value !== undefined) conditions.push({ sql: `${column} = ?`, values: [value] })
  }
  const byUser = (id: string) => ({ sql: BY_USER, values: [workspace, id] })
  const byBrowser = (id: string) => ({ sql: BY_BROWSER, values: [workspace, id, workspace, id, id] })
  if (userId !== undefined) conditions.push(byUser(userId))
  if (anonymousId !== undefined) conditions.push(byBrowser(anonymousId))
  if (who !== undefined) {
    const either = [byUser(who), byBrowser(who)]
    conditions.push({
      sql: `(${either.map(({ sql }) => sql).join(' OR ')})`,
      values: either.flatMap(({ values }) => values),
    })
  }
  if (messageId !== undefined) {
    conditions.push({ sql: BY_MESSAGE_ID, values: [workspace, messageId, workspace, messageId] })
  }
  return conditions
}

export const REJECTED = 'received_at, source, status, code, message, place, message_id, body'

export const toRejected = (row: Record<string, unknown>): Omit<Rejected, 'workspace'> => ({
  receivedAtMs: row.received_at as number,
  source: row.source as string,
  status: row.status as number | null,
  code: row.code as string,
  message: row.message as string,
  index: row.place as number | null,
  messageId: row.message_id as string | null,
  body: row.body as string,
})

/** Reads what is committed, at once: each call is one look at the file. */
export function createQueries(database: Database): Queries {
  const findWorkspace = database.prepare('SELECT id FROM workspaces WHERE name = ?')
  const countHeld = database.prepare('SELECT count(*) AS held FROM quarantined WHERE workspace = ?')
  const findExpired = database.prepare('SELECT events FROM quarantine_expired WHERE workspace = ?')
  const lossReasons = database.prepare(`
    SELECT reason, sum(events) AS events, count(*) AS pages, min(first_at) AS first_at, max(last_at) AS last_at
    FROM losses WHERE workspace = ? GROUP BY reason ORDER BY last_at DESC, reason LIMIT ${LOSS_REASONS_MAX}`)
  const lossDays = database.prepare(`
    SELECT first_at / ${DAY_MS} AS day, sum(events) AS events, count(*) AS pages
    FROM losses WHERE workspace = ? AND reason = ? GROUP BY day ORDER BY day`)
  const storedAt = database.prepare('SELECT max(stored_at) AS at FROM positions')

  function page<Item>(
    columns: string,
    conditions: Condition[],
    { after, limit, order }: Paging,
    toItem: (row: Record<string, unknown>) => Item,
  ): Page<Item> {
    const all =
      after === undefined
        ? conditions
        : [...conditions, { sql: `id ${order === 'asc' ? '>' : '<'} ?`, values: [after] }]
    const where = all.map(({ sql }) => sql).join(' AND ')
    const rows = database
      .prepare(`SELECT id, ${columns} WHERE ${where} ORDER BY id ${order} LIMIT ?`)
      .all(...all.flatMap(({ values }) => values), limit + 1)
    const shown = rows.slice(0, limit)
    return { items: shown.map(toItem), last: shown.at(-1)?.id as number | undefined, more: rows.length > limit }
  }

  /** Of a workspace that has stored nothing yet there is no id; -1 is nobody's. */
  const idOf = (workspace: string) => (findWorkspace.get(workspace)?.id as number | undefined) ?? -1

  return {
    ...createProfiles(database, idOf),
    ...createCounts(database, idOf),

    events(workspace, filter, paging) {
      return page(`${KEPT} FROM events`, conditionsOf(idOf(workspace), filter), paging, eventJson)
    },

    rejected(workspace, alsoUnknown, paging) {
      const sql = alsoUnknown ? '(workspace = ? OR workspace IS NULL)' : 'workspace = ?'
      return page(`${REJECTED} FROM rejected`, [{ sql, values: [idOf(workspace)] }], paging, toRejected)
    },

    quarantined(workspace, paging) {
      const conditions = [{ sql: 'workspace = ?', values: [idOf(workspace)] }]
      return page('message, id_generated, json FROM quarantined', conditions, paging, (row) => ({
        message: row.message as string,
        idGenerated: row.id_generated === 1,
        json: row.json as string,
      }))
    },

    quarantine(workspace) {
      const id = idOf(workspace)
      const held = countHeld.get(id)?.held as number
      return { held, expired: (findExpired.get(id)?.events as number | undefined) ?? 0 }
    },

    losses(workspace) {
      const id = idOf(workspace)
      return lossReasons.all(id).map((row) => ({
        reason: row.reason as string,
        events: row.events as number,
        pages: row.pages as number,
        firstAtMs: row.first_at as number,
        lastAtMs: row.last_at as number,
        days: lossDays.all(id, row.reason as string).map(({ day, events, pages }) => ({
          day: day as number,
          events: events as number,
          pages: pages as number,
        })),
      }))
    },

    lastStoredAtMs: () => (storedAt.get()?.at as number | null | undefined) ?? null,
  }
}
