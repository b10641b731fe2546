import type { Database } from '../sqlite.ts'
import type { Loss } from './changes.ts'
import { dayOf } from './days.ts'

/** A page is known for so long after it was last heard of, by the day. */
const KEEP_DAYS = 30

/** What one workspace may have, a row a page and reason. Past that the oldest go. */
const MAX_ROWS = 50_000

/**
 * What pages say that they have dropped. A page says its sum each time, and the largest counts: what comes again, or
 * late, changes nothing. Works inside the transaction of its caller, which is the only one that writes: rows are counted
 * in memory. What is let go of depends on the order of the log alone, so that a log processed anew comes to the same.
 */
export function createLosses(database: Database, maxRows = MAX_ROWS) {
  const insert = database.prepare(`
    INSERT INTO losses (workspace, page, reason, events, first_at, last_at, seen_day) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
    ON CONFLICT DO NOTHING`)
  const grow = database.prepare(`
    UPDATE losses SET events = max(events, ?4), last_at = iif(?4 > events, ?5, last_at), seen_day = max(seen_day, ?6)
    WHERE workspace = ?1 AND page = ?2 AND reason = ?3 AND (events < ?4 OR seen_day < ?6)`)
  const forgetBefore = database.prepare('DELETE FROM losses WHERE seen_day < ?')
  const forgetOldest = database.prepare(`
    DELETE FROM losses WHERE id = (SELECT min(id) FROM losses WHERE workspace = ?)`)
  const counted = database.prepare('SELECT workspace, count(*) AS rows FROM losses GROUP BY workspace')
  const rows = new Map<number, number>()
  const count = () => {
    rows.clear()
    for (const row of counted.iterate()) rows.set(row.workspace as number, row.rows as number)
  }
  count()
  let trimmedDay = 0

  return (workspace: number, { page, reason, events, receivedAtMs }: Loss): void => {
    const day = dayOf(receivedAtMs)
    if (day > trimmedDay) {
      trimmedDay = day
      if (forgetBefore.run(day - KEEP_DAYS).changes) count()
    }
    const said = [workspace, page, reason, events, receivedAtMs, day] as const
    if (!insert.run(...said).changes) grow.run(...said)
    else if (rows.get(workspace) === maxRows) forgetOldest.run(workspace)
    else rows.set(workspace, (rows.get(workspace) ?? 0) + 1)
  }
}
