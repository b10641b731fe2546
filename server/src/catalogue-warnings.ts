import { HOUR_MS, MORE } from './store/catalogue.ts'
import type { CatalogueField, CatalogueName } from './store/page-port.ts'

/** What a careful colleague would say of a name; `name` is absent where it is about all. */
export interface CatalogueWarning {
  code:
    | 'not_snake_case'
    | 'near_duplicate'
    | 'renamed'
    | 'type_changed'
    | 'silent'
    | 'too_many_names'
    | 'too_many_fields'
  type: string
  name: string
  message: string
  /** Names that it is about as well. */
  others?: string[]
  field?: string
}

/** A name as it is listed. */
export interface ListedName extends Omit<CatalogueName, 'hours'> {
  /** Events of each of the last 24 hours, oldest first, the present one last. */
  last24Hours: number[]
  /** How many properties or traits it has. */
  fields: number
  warnings: Omit<CatalogueWarning, 'type' | 'name'>[]
}

const DAY_MS = 24 * HOUR_MS

/** Hours of a sparkline. */
const SPARK_HOURS = 24

/** Silent is what stays away three times as long as it ever did before, and a day at least; it was there in so many hours. */
const SILENT_TIMES = 3
const SILENT_MIN_MS = DAY_MS
const SILENT_MIN_HOURS = 3

/** A name that ends about when another begins was renamed if they carry the same. */
const RENAME_GAP_MS = DAY_MS
const RENAME_OVERLAP_MS = HOUR_MS
const RENAME_MIN_FIELDS = 2
const RENAME_MIN_SHARED = 0.75

/**
 * A letter more or less is a slip of the finger in names of this length, if the word that it is in has this length too.
 * In shorter ones it is another word: `card_removed`, `cart_removed`; `variant_a_shown`, `variant_b_shown`.
 */
const TYPO_MIN_CHARS = 8
const TYPO_MIN_WORD_CHARS = 6

/** Every name with its last hours, and what is wrong with it. `fields` are by `type\nname`. */
export function listNames(
  names: readonly CatalogueName[],
  fields: ReadonlyMap<string, readonly CatalogueField[]>,
  nowMs: number,
): ListedName[] {
  const warnings = Map.groupBy(warningsOf(names, fields, nowMs), keyOf)
  const firstHour = Math.floor(nowMs / HOUR_MS) - SPARK_HOURS + 1
  return names.map(({ hours, ...each }) => ({
    ...each,
    last24Hours: Array.from({ length: SPARK_HOURS }, (_, place) => hours.get(firstHour + place) ?? 0),
    fields: new Set(fields.get(keyOf(each))?.map(({ field }) => field)).size,
    warnings: (warnings.get(keyOf(each)) ?? []).map(({ type: _, name: __, ...warning }) => warning),
  }))
}

const keyOf = ({ type, name }: Pick<CatalogueName, 'type' | 'name'>) => `${type}\n${name}`

/** What one could do better about names, most telling first. `fields` are by `type\nname`. */
function warningsOf(
  names: readonly CatalogueName[],
  fields: ReadonlyMap<string, readonly CatalogueField[]>,
  nowMs: number,
): CatalogueWarning[] {
  const tracks = names.filter(({ type, name }) => type === 'track' && name !== '')
  const fieldsOf = ({ type, name }: CatalogueName) => fields.get(`${type}\n${name}`) ?? []
  const renamed = renamesOf(tracks, fieldsOf)
  const gone = new Set(renamed.map(({ name }) => name))
  return [
    ...names.flatMap((name) => changedTypesOf(name, fieldsOf(name))),
    ...nearDuplicatesOf(tracks.filter(({ name }) => !gone.has(name))),
    ...renamed,
    ...tracks.filter(({ name }) => !gone.has(name)).flatMap((name) => silenceOf(name, nowMs)),
    ...tracks.flatMap(caseOf),
    ...names.filter(({ type }) => type === MORE).map(tooManyNames),
    ...names.filter((name) => fieldsOf(name).some(({ type }) => type === MORE)).map(tooManyFields),
  ]
}

// ---- Names ----

const SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/** Named here, by the topics of Intercom (sources/intercom.ts): nobody can write them otherwise. */
const GIVEN = /^intercom\./

/** Words of a name, however they are joined: `planChosen`, `Plan Chosen`, `plan-chosen`. */
const wordsOf = (name: string) =>
  name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

function caseOf({ type, name }: CatalogueName): CatalogueWarning[] {
  // What is not of these letters has no upper case or is a choice.
  if (SNAKE.test(name) || GIVEN.test(name) || !/^[\x20-\x7e]+$/.test(name)) return []
  const suggestion = wordsOf(name).join('_')
  if (suggestion === '' || suggestion === name) return []
  const message = `Not snake_case: most write it \`${suggestion}\`. Names that look alike are easier to find and to query.`
  return [{ code: 'not_snake_case', type, name, message, others: [suggestion] }]
}

const stemsOf = (name: string) => wordsOf(name).map(stem)

/** `signup`, `signed_up` and `Sign Up` have the same root. */
const rootOf = (name: string) => stemsOf(name).join('')

function stem(word: string): string {
  const cut = word.replace(/(?<=\p{L}{3})(ing|ed|es|s|e)$/u, '')
  return cut.replace(/([bdgmnprt])\1$/, '$1')
}

function nearDuplicatesOf(names: readonly CatalogueName[]): CatalogueWarning[] {
  const stems = names.map(({ name }) => stemsOf(name))
  const roots = stems.map((words) => words.join(''))
  const areAlike = (one: number, other: number) =>
    roots[one] === roots[other]
      ? roots[one] !== ''
      : isTypo(roots[one]!, roots[other]!) && isInLongWord(stems[one]!, stems[other]!)
  const warnings: CatalogueWarning[] = []
  names.forEach((own, at) => {
    const others = names.filter((_, place) => place !== at && areAlike(at, place))
    if (others.length === 0) return
    const list = others.map(({ name }) => `\`${name}\``).join(', ')
    const message = `Looks like the same event as ${list}. ${adviceFor(own, others)}`
    const warning = { code: 'near_duplicate' as const, type: own.type, name: own.name, message }
    warnings.push({ ...warning, others: others.map(({ name }) => name) })
  })
  return warnings
}

/** Which of them to keep: the same one, whichever of them is asked of. */
function adviceFor(own: CatalogueName, others: readonly CatalogueName[]): string {
  const [best, second] = [own, ...others].toSorted(
    (left, right) =>
      right.events - left.events ||
      Number(SNAKE.test(right.name)) - Number(SNAKE.test(left.name)) ||
      left.firstAtMs - right.firstAtMs ||
      (left.name < right.name ? -1 : 1),
  ) as [CatalogueName, CatalogueName]
  if (best.events === second.events) return best === own ? 'Keep this one.' : `Keep \`${best.name}\`.`
  return best === own ? 'Keep this one, it has the most events.' : `\`${best.name}\` has the most events: keep that.`
}

/** Where two names differ in one of their words only, whether that is a long one. */
function isInLongWord(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return true
  const at = left.findIndex((word, place) => word !== right[place])
  return Math.min(left[at]!.length, right[at]!.length) >= TYPO_MIN_WORD_CHARS
}

function isTypo(left: string, right: string): boolean {
  if (Math.min(left.length, right.length) < TYPO_MIN_CHARS || Math.abs(left.length - right.length) > 1) return false
  return isOneSlip(left, right)
}

/** One letter changed, added, left out, or two swapped. Digits are meant: `step_1`, `step_2`. */
function isOneSlip(left: string, right: string): boolean {
  let start = 0
  while (start < left.length && left[start] === right[start]) start += 1
  let end = 0
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end += 1
  const inLeft = left.slice(start, left.length - end)
  const inRight = right.slice(start, right.length - end)
  if (/\d/.test(inLeft + inRight)) return false
  if (inLeft.length === 2 && inRight.length === 2) return inLeft[0] === inRight[1] && inLeft[1] === inRight[0]
  return inLeft.length <= 1 && inRight.length <= 1
}

function renamesOf(
  names: readonly CatalogueName[],
  fieldsOf: (name: CatalogueName) => readonly CatalogueField[],
): CatalogueWarning[] {
  return names.flatMap((old) => {
    const next = names.find((other) => other !== old && follows(old, other) && areRelated(old, other, fieldsOf))
    if (!next) return []
    const message = `Seems to have been renamed to \`${next.name}\`: that began about when this ended. What counts one of them misses the other.`
    return [{ code: 'renamed' as const, type: old.type, name: old.name, message, others: [next.name] }]
  })
}

/** The old one must have come often enough to be missed, and be missed as one that is silent. */
const follows = (old: CatalogueName, next: CatalogueName) =>
  old.hours.size >= SILENT_MIN_HOURS &&
  next.firstAtMs > old.firstAtMs &&
  next.firstAtMs >= old.lastAtMs - RENAME_OVERLAP_MS &&
  next.firstAtMs <= old.lastAtMs + RENAME_GAP_MS &&
  // Of two that are both still coming in, none took the other's place.
  next.lastAtMs - old.lastAtMs > Math.max(RENAME_OVERLAP_MS, SILENT_TIMES * longestPauseMs(old))

function areRelated(
  old: CatalogueName,
  next: CatalogueName,
  fieldsOf: (name: CatalogueName) => readonly CatalogueField[],
): boolean {
  if (rootOf(old.name) === rootOf(next.name)) return true
  const before = new Set(fieldsOf(old).map(({ field }) => field))
  const after = new Set(fieldsOf(next).map(({ field }) => field))
  if (before.size < RENAME_MIN_FIELDS) return false
  const shared = [...before].filter((field) => after.has(field)).length
  return shared / new Set([...before, ...after]).size >= RENAME_MIN_SHARED
}

// ---- Volume ----

function silenceOf({ type, name, lastAtMs, hours }: CatalogueName, nowMs: number): CatalogueWarning[] {
  if (hours.size < SILENT_MIN_HOURS) return []
  const longestMs = longestPauseMs({ hours })
  const awayMs = nowMs - lastAtMs
  if (awayMs < Math.max(SILENT_MIN_MS, SILENT_TIMES * longestMs)) return []
  const message = `Went silent: nothing for ${duration(awayMs)}, and it never stayed away for more than ${duration(longestMs)} before. Was the code that sends it removed?`
  return [{ code: 'silent', type, name, message }]
}

/** Between two hours that had any, of the last month. */
function longestPauseMs({ hours }: Pick<CatalogueName, 'hours'>): number {
  const active = [...hours.keys()].sort((left, right) => left - right)
  return Math.max(0, ...active.slice(1).map((hour, at) => hour - active[at]!)) * HOUR_MS
}

const duration = (ms: number) =>
  ms >= 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : `${Math.floor(ms / HOUR_MS)} h`

// ---- Properties ----

function changedTypesOf({ type, name }: CatalogueName, fields: readonly CatalogueField[]): CatalogueWarning[] {
  const byField = Map.groupBy(
    fields.filter((field) => field.type !== 'null' && field.type !== MORE),
    ({ field }) => field,
  )
  return [...byField].flatMap(([field, types]) => {
    if (types.length < 2) return []
    const [oldest, ...later] = types.toSorted((left, right) => left.firstAtMs - right.firstAtMs)
    const newest = later.at(-1)!
    const example = newest.examples[0] === undefined ? '' : ` (such as ${newest.examples[0]})`
    const since = new Date(newest.firstAtMs).toISOString().slice(0, 16).replace('T', ' ')
    const message = `\`${field}\` was ${withArticle(oldest!.type)} and came as ${withArticle(newest.type)}${example} first on ${since} UTC. Sums and filters over both go wrong.`
    return [{ code: 'type_changed' as const, type, name, message, field }]
  })
}

const withArticle = (type: string) => `${/^[ao]/.test(type) ? 'an' : 'a'} ${type}`

const tooManyNames = ({ events }: CatalogueName): CatalogueWarning => ({
  code: 'too_many_names',
  type: MORE,
  name: '',
  message: `${events} events had names beyond the first 1,000, which are not listed. Are ids part of the names? Put them into properties.`,
})

const tooManyFields = ({ type, name }: CatalogueName): CatalogueWarning => ({
  code: 'too_many_fields',
  type,
  name,
  message: 'It had more than 100 different properties; the others are not listed. Are ids used as names of properties?',
})
