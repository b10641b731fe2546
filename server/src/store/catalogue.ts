import type { Fields } from '../check.ts'
import type { Database } from '../sqlite.ts'
import type { StoredEvent } from './changes.ts'
import { tallyOf } from './tallies.ts'

export const HOUR_MS = 3_600_000

/** Hours are kept for a month; what is older is in the totals only. */
const KEEP_HOURS = 31 * 24

/** Names of a workspace, and fields of a name: who has more uses ids as names. The rest is counted together, as `more`. */
const NAMES_MAX = 1000
const FIELDS_MAX = 100
export const MORE = 'more'

/** Longer names are listed by so much of them. The same number stands in the schema. */
const NAME_CHARS = 200

const EXAMPLES_MAX = 3
const EXAMPLE_CHARS = 80

/** What a chunk adds to a type of a field. */
interface FieldTally {
  field: string
  type: string
  events: number
  firstAtMs: number
  lastAtMs: number
  examples: Set<string>
  /** The value that came last: mostly it is the same again, and no new example. */
  last: unknown
}

interface NameTally {
  workspace: number
  type: string
  name: string
  events: number
  firstAtMs: number
  lastAtMs: number
  hours: Map<number, number>
  /** By name, those of each type. */
  fields: Map<string, FieldTally[]>
}

/**
 * Which events there are and what they carry, counted when they are stored, so that nothing has to be scanned to show it.
 * A commit is summed up in memory first: it costs an upsert a name and field, not an event. Works inside the transaction of its caller.
 */
export function createCatalogue(database: Database) {
  const findName = database.prepare('SELECT id FROM names WHERE workspace = ? AND type = ? AND name = ?')
  const countNames = database.prepare('SELECT count(*) AS count FROM names WHERE workspace = ?')
  const countUp = database.prepare(
    'UPDATE names SET events = events + ?, first_at = min(first_at, ?), last_at = max(last_at, ?) WHERE id = ?',
  )
  const insertName = database.prepare(
    'INSERT INTO names (workspace, type, name, events, first_at, last_at) VALUES (?, ?, ?, 0, ?, ?)',
  )
  const addHour = database.prepare(
    'INSERT INTO name_hours VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events',
  )
  const pruneHours = database.prepare('DELETE FROM name_hours WHERE hour < ?')
  const findField = database.prepare('SELECT examples FROM fields WHERE name = ? AND field = ? AND type = ?')
  const countFields = database.prepare('SELECT count(DISTINCT field) AS count FROM fields WHERE name = ?')
  const isField = database.prepare('SELECT 1 FROM fields WHERE name = ? AND field = ? LIMIT 1')
  const addField = database.prepare(`
    INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET events = events + excluded.events, examples = excluded.examples,
      first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`)
  let prunedHour = 0

  function idOf({ workspace, type, name, firstAtMs, lastAtMs }: NameTally): number {
    const known = findName.get(workspace, type, name)
    if (known) return known.id as number
    const full = (countNames.get(workspace)!.count as number) >= NAMES_MAX
    if (full && type !== MORE) return idOf({ workspace, type: MORE, name: '', firstAtMs, lastAtMs } as NameTally)
    return Number(insertName.run(workspace, type, name, firstAtMs, lastAtMs).lastInsertRowid)
  }

  const moreId = (workspace: number) => findName.get(workspace, MORE, '')?.id

  function writeField(name: number, tally: FieldTally): void {
    const { type, events, firstAtMs, lastAtMs } = tally
    const known = findField.get(name, tally.field, type)
    if (!known && !isField.get(name, tally.field) && (countFields.get(name)!.count as number) >= FIELDS_MAX) {
      addField.run(name, '', MORE, events, firstAtMs, lastAtMs, '[]')
      return
    }
    const kept: string[] = known ? JSON.parse(known.examples as string) : []
    const examples = [...new Set([...kept, ...tally.examples])].slice(0, EXAMPLES_MAX)
    addField.run(name, tally.field, type, events, firstAtMs, lastAtMs, JSON.stringify(examples))
  }

  return {
    /** Begins the sum of a commit. */
    open() {
      /** By name, those of each type and workspace. */
      const names = new Map<string, NameTally[]>()
      return {
        add(workspace: number, { type, name, bag, receivedAtMs }: StoredEvent): void {
          const listed = name.slice(0, NAME_CHARS)
          const tally = tallyOf(
            names,
            listed,
            (known) => known.type === type && known.workspace === workspace,
            () => ({ workspace, type, name: listed, ...sinceThen(receivedAtMs), hours: new Map(), fields: new Map() }),
          )
          count(tally, receivedAtMs)
          const hour = Math.floor(receivedAtMs / HOUR_MS)
          tally.hours.set(hour, (tally.hours.get(hour) ?? 0) + 1)
          if (bag) countFieldsOf(bag, tally.fields, receivedAtMs)
        },

        write(): void {
          let newestHour = 0
          for (const tally of [...names.values()].flat()) {
            const id = idOf(tally)
            countUp.run(tally.events, tally.firstAtMs, tally.lastAtMs, id)
            for (const [hour, events] of tally.hours) {
              addHour.run(id, hour, events)
              newestHour = Math.max(newestHour, hour)
            }
            if (id !== moreId(tally.workspace))
              for (const field of [...tally.fields.values()].flat()) writeField(id, field)
          }
          if (newestHour <= prunedHour) return
          prunedHour = newestHour
          pruneHours.run(newestHour - KEEP_HOURS)
        },
      }
    },
  }
}

const sinceThen = (atMs: number) => ({ events: 0, firstAtMs: atMs, lastAtMs: atMs })

function count(tally: NameTally | FieldTally, atMs: number): void {
  tally.events += 1
  tally.firstAtMs = Math.min(tally.firstAtMs, atMs)
  tally.lastAtMs = Math.max(tally.lastAtMs, atMs)
}

/** So that one event of 10,000 properties costs what 101 cost. */
const COUNTED_FIELDS = FIELDS_MAX + 1

function countFieldsOf(bag: Fields, fields: NameTally['fields'], atMs: number): void {
  let counted = 0
  for (const name in bag) {
    counted += 1
    if (counted > COUNTED_FIELDS) return
    const value = bag[name]
    const type = typeOf(value)
    const field = name.slice(0, NAME_CHARS)
    const tally = tallyOf(
      fields,
      field,
      (known) => known.type === type,
      () => ({ field, type, ...sinceThen(atMs), examples: new Set<string>(), last: undefined }),
    )
    count(tally, atMs)
    if (value === tally.last || tally.examples.size >= EXAMPLES_MAX || type === 'null') continue
    tally.examples.add(exampleOf(value))
    tally.last = value
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Cut before it is written: a value may have 32 KiB. */
function exampleOf(value: unknown): string {
  const json = JSON.stringify(typeof value === 'string' ? value.slice(0, EXAMPLE_CHARS) : value)
  return json.length > EXAMPLE_CHARS ? `${json.slice(0, EXAMPLE_CHARS)}…` : json
}
