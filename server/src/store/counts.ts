import type { Database } from '../sqlite.ts'
import { DAY_MS } from './days.ts'
import { countSteps, type Occurrence } from './funnel.ts'
import type { CountRow, DayRange, Queries } from './queries-port.ts'

const DAY = 'CAST(floor(e.at / 86400000.0) AS INTEGER)'

/** For SQLite's LIMIT. */
const ALL = -1

type CountQueries = Pick<Queries, 'counts' | 'people' | 'funnel' | 'occurred'>

const msOf = ({ fromDay, toDay }: DayRange) => ({ from: fromDay * DAY_MS, to: (toDay + 1) * DAY_MS })

/** Reads how often, how many and in which order; `idOf` gives a workspace's number. */
export function createCounts(database: Database, idOf: (workspace: string) => number): CountQueries {
  const found = database.prepare(`
    SELECT 1 FROM events e WHERE e.workspace = ? AND e.event = ? AND e.at >= ? AND e.at < ? LIMIT 1`)

  // Both columns as one text each: SQLite writes and V8 parses a number in less than it takes to hand over a row.
  const stepOf = database.prepare(`
    SELECT json_group_array(e.at) AS ats, json_group_array(s.root) AS people
    FROM (SELECT at, subject FROM events WHERE workspace = ? AND event = ? AND at >= ? AND at < ? AND subject > 0 ORDER BY at) e
    CROSS JOIN subjects s ON s.id = e.subject`)

  return {
    counts(workspace, by, every, { event, people, after, limit = ALL, ...days }) {
      const id = idOf(workspace)
      const day = every === 'day' ? 'day' : 'NULL'
      const place = every === 'day' ? `(day, ${by}) > (:day, :name)` : `${by} > :name`
      const counted = database
        .prepare(
          `SELECT ${day} AS day, ${by} AS name, sum(events) AS events FROM counts
           WHERE workspace = :workspace AND day BETWEEN :fromDay AND :toDay
           ${by === 'event' ? `AND type = 'track'` : ''} ${event === undefined ? '' : 'AND event = :event'}
           ${after ? `AND ${place}` : ''}
           GROUP BY 1, 2 ORDER BY 1, 2 LIMIT :limit`,
        )
        .all({
          workspace: id,
          ...days,
          limit,
          ...(event !== undefined && { event }),
          ...(after && (every === 'day' ? { day: after.day!, name: after.name } : { name: after.name })),
        })
      const rows: CountRow[] = counted.map((row) => ({
        day: (row.day as number | null) ?? undefined,
        name: row.name as string,
        events: row.events as number,
      }))
      if (!people) return rows

      const { from, to } = msOf(days)
      const each = database.prepare(`
        SELECT ${every === 'day' ? DAY : 'NULL'} AS day, count(DISTINCT s.root) AS people
        FROM events e CROSS JOIN subjects s ON s.id = e.subject
        WHERE e.workspace = ? AND e.event = ? AND e.at >= ? AND e.at < ? GROUP BY 1`)
      const byName = new Map<string, Map<number | undefined, number>>()
      for (const name of new Set(rows.map((row) => row.name))) {
        const found = each.all(id, name, from, to)
        byName.set(name, new Map(found.map((row) => [(row.day as number | null) ?? undefined, row.people as number])))
      }
      return rows.map((row) => ({ ...row, people: byName.get(row.name)?.get(row.day) ?? 0 }))
    },

    people(workspace, { event, ...days }) {
      const id = idOf(workspace)
      const { from, to } = msOf(days)
      const [source, values] =
        event === undefined
          ? [
              `SELECT a.day, s.root FROM active a CROSS JOIN subjects s ON s.id = a.subject
               WHERE a.workspace = ? AND a.day BETWEEN ? AND ?`,
              [id, days.fromDay, days.toDay],
            ]
          : [
              `SELECT ${DAY} AS day, s.root FROM events e CROSS JOIN subjects s ON s.id = e.subject
               WHERE e.workspace = ? AND e.event = ? AND e.at >= ? AND e.at < ?`,
              [id, event, from, to],
            ]
      const rows = database
        .prepare(`SELECT day, json_group_array(root) AS roots FROM (${source}) GROUP BY day ORDER BY day`)
        .all(...values) as { day: number; roots: string }[]
      return countPeople(rows.map(({ day, roots }) => ({ day, roots: JSON.parse(roots) as number[] })))
    },

    funnel(workspace, steps, withinMs, days) {
      const id = idOf(workspace)
      const { from, to } = msOf(days)
      const streams = [...new Set(steps)].map((name) => {
        const { ats, people } = stepOf.get(id, name, from, to) as { ats: string; people: string }
        return { step: steps.indexOf(name), ats: JSON.parse(ats) as number[], people: JSON.parse(people) as number[] }
      })
      return countSteps(inTime(streams), { steps, withinMs })
    },

    occurred(workspace, event, days) {
      const { from, to } = msOf(days)
      return found.get(idOf(workspace), event, from, to) !== undefined
    },
  }
}

/** How many different people there are, in all and on each day. Roots are counted off in arrays: sets take six times as long. */
function countPeople(days: readonly { day: number; roots: readonly number[] }[]): ReturnType<CountQueries['people']> {
  const greatest = days.reduce((max, { roots }) => roots.reduce((a, b) => (a > b ? a : b), max), 0)
  // By root, the place in `days` where it was seen last, from 1.
  const seen = new Int32Array(greatest + 1)
  let people = 0
  const counted = days.map(({ day, roots }, index) => {
    let today = 0
    for (const root of roots) {
      if (seen[root] === index + 1) continue
      if (seen[root] === 0) people += 1
      seen[root] = index + 1
      today += 1
    }
    return { day, name: '', events: 0, people: today }
  })
  return { people, days: counted }
}

interface Stream {
  step: number
  ats: readonly number[]
  people: readonly number[]
}

/** All streams as one, in the order of time; at the same time, the earlier step first. */
function* inTime(streams: readonly Stream[]): Generator<Occurrence, void, undefined> {
  const places = streams.map(() => 0)
  for (;;) {
    let next = -1
    for (let candidate = 0; candidate < streams.length; candidate += 1) {
      const at = streams[candidate]!.ats[places[candidate]!]
      if (at === undefined) continue
      if (next === -1 || at < streams[next]!.ats[places[next]!]!) next = candidate
    }
    if (next === -1) return
    const { ats, people, step } = streams[next]!
    const place = places[next]!
    places[next] = place + 1
    yield { at: ats[place]!, person: people[place]!, step }
  }
}
