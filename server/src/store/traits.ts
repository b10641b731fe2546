/** Where a trait comes from, the strongest first: an identify, `$set_once`, what a context already knew. */
export const LEVEL = { set: 0, once: 1, context: 2 } as const
export type Level = (typeof LEVEL)[keyof typeof LEVEL]

/** The best of one id, one level and one key: the newest, of `once` the oldest. */
export interface TraitRow {
  level: Level
  key: string
  /** JSON; `null` removes. */
  value: string
  late: number
  at: number
  message_id: string
}

type Bag = { readonly [key: string]: unknown }

/**
 * The traits of a person, from the rows of all its ids, in whatever order they come. What was set stands before what was
 * set once, and that before what a context knew; what was removed comes back only by something newer.
 */
export function mergeTraits(rows: Iterable<TraitRow>): Bag {
  const byKey = new Map<string, (TraitRow | undefined)[]>()
  for (const row of rows) {
    const best = byKey.get(row.key) ?? []
    const other = best[row.level]
    if (!other || comesBefore(other, row) === (row.level !== LEVEL.once)) best[row.level] = row
    byKey.set(row.key, best)
  }
  // A key `__proto__` of a sender stays data.
  return Object.fromEntries(
    [...byKey]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, best]) => {
        const { value } = strongest(best) ?? { value: NULL }
        return value === NULL ? [] : [[key, JSON.parse(value) as unknown]]
      }),
  )
}

const NULL = 'null'

function strongest([set, once, context]: readonly (TraitRow | undefined)[]): TraitRow | undefined {
  if (set?.value !== NULL) return set ?? once ?? context
  return [once, context].find((row) => row !== undefined && row.at > set.at)
}

function comesBefore(one: TraitRow, other: TraitRow): boolean {
  if (one.late !== other.late) return one.late < other.late
  if (one.at !== other.at) return one.at < other.at
  return compareText(one.message_id, other.message_id) < 0
}

/** The order that SQLite has, which is not that of JavaScript for all of Unicode. */
export const compareText = (one: string, other: string): number =>
  one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other))
