import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { isWhat, refused } from './errors.ts'
import { badCursor, type Parameters, parametersOf, sizeOf } from './parameters.ts'
import type { SlowQueries } from './reader.ts'
import { DAY_MS, dayOf, isoDay } from './store/days.ts'
import type { CountPlace, DayRange } from './store/queries-port.ts'

/** The range, if none is asked for. */
const RANGE_DAYS = 30

const STEPS_MIN = 2
const STEPS_MAX = 10
const WITHIN_DEFAULT = '7d'
const UNITS_MS = { m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS }
const DURATION = /^([1-9]\d{0,4})([mhdw])$/

const BY = ['event', 'type', 'source'] as const

export interface CountsApiParts {
  keys: Pick<Keys, 'admin'>
  slow: SlowQueries
  now: () => number
}

/** How often, how many and in which order: docs/read-api.md. */
export function createCountsApi({ keys, slow, now }: CountsApiParts) {
  return {
    /** `GET /api/v1/counts` → `{ counts, next, cursor }` */
    async counts(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const known = ['by', 'every', 'from', 'to', 'event', 'people', 'after', 'limit']
      const parameters = parametersOf(request, known)
      const { limit } = sizeOf(parameters)
      const by = oneOf(parameters, 'by', BY)
      const every = oneOf(parameters, 'every', ['day', 'all'] as const)
      const after = placeOf(parameters, every)
      const people = oneOf(parameters, 'people', ['false', 'true'] as const) === 'true'
      const event = parameters.get('event')
      if (by !== 'event' && (people || event !== undefined)) {
        throw refused('invalid_parameter', people ? 'people' : 'event', 'is there only with `by=event`')
      }
      const range = { ...rangeOf(parameters, now()), people, ...(event !== undefined && { event }) }
      const rows = await slow.counts(name, by, every, { ...range, after, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const counts = shown.map((row) => ({
        ...(row.day !== undefined && { day: isoDay(row.day) }),
        [by]: row.name,
        events: row.events,
        ...(row.people !== undefined && { people: row.people }),
      }))
      const last = shown.at(-1) ?? after
      const cursor = last ? `${last.day === undefined ? '' : isoDay(last.day)}.${last.name}` : null
      const next = rows.length > limit ? cursor : null
      return reply.header('cache-control', 'no-store').send({ counts, next, cursor })
    },

    /** `GET /api/v1/people` → `{ from, to, people, days }` */
    async people(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, ['from', 'to', 'event'])
      const range = rangeOf(parameters, now())
      const event = parameters.get('event')
      const { people, days } = await slow.people(name, { ...range, ...(event !== undefined && { event }) })
      return reply.header('cache-control', 'no-store').send({
        ...saidOf(range),
        people,
        days: days.map((row) => ({ day: isoDay(row.day!), people: row.people })),
      })
    },

    /** `GET /api/v1/funnel` → `{ from, to, within, steps }` */
    async funnel(request: FastifyRequest, reply: FastifyReply) {
      const { name } = keys.admin(request.headers)
      const parameters = parametersOf(request, ['steps', 'within', 'from', 'to'])
      const steps = stepsOf(parameters)
      const { within, withinMs } = withinOf(parameters)
      const range = rangeOf(parameters, now())
      const said = saidOf(range)
      const people = await slow.funnel(name, steps, withinMs, range)
      const answers = steps.map(async (event, step) => {
        const share = people[0] ? people[step]! / people[0] : 0
        const occurred = people[step]! > 0 || (await slow.occurred(name, event, range))
        const note = occurred ? {} : { note: `No event \`${event}\` was stored from ${said.from} to ${said.to}.` }
        return { event, people: people[step], share, occurred, ...note }
      })
      return reply.header('cache-control', 'no-store').send({ ...said, within, steps: await Promise.all(answers) })
    },
  }
}

const saidOf = ({ fromDay, toDay }: DayRange) => ({ from: isoDay(fromDay), to: isoDay(toDay) })

/** A parameter that is one of a few words; the first one if it is not there. */
function oneOf<const Words extends readonly [string, ...string[]]>(
  parameters: Parameters,
  name: string,
  words: Words,
): Words[number] {
  const word = parameters.get(name) ?? words[0]
  if (words.includes(word)) return word
  throw refused(
    'invalid_parameter',
    name,
    `must be ${words.map((each) => `\`${each}\``).join(' or ')}; it ${isWhat(word)}`,
  )
}

/** The day, where there is one, and the name of the last row: what is counted meanwhile shifts nothing. */
function placeOf(parameters: Parameters, every: 'day' | 'all'): CountPlace | undefined {
  const after = parameters.get('after')
  if (after === undefined) return undefined
  const dot = after.indexOf('.')
  const day = dayIn(after.slice(0, dot))
  if (dot === -1 || (every === 'day' ? day === undefined : dot > 0)) throw badCursor(after)
  return { day, name: after.slice(dot + 1) }
}

function rangeOf(parameters: Parameters, nowMs: number): DayRange {
  const toDay = dayAt(parameters, 'to') ?? dayOf(nowMs)
  const fromDay = dayAt(parameters, 'from') ?? toDay - RANGE_DAYS + 1
  if (fromDay > toDay) {
    throw refused('invalid_parameter', 'from', `must not be after \`to\` (${isoDay(toDay)}); it is ${isoDay(fromDay)}`)
  }
  return { fromDay, toDay }
}

function dayAt(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name)
  if (text === undefined) return undefined
  const day = dayIn(text)
  if (day !== undefined) return day
  throw refused('invalid_parameter', name, `must be a day like \`2026-11-21\`; it ${isWhat(text)}`)
}

function dayIn(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(ms) && isoDay(dayOf(ms)) === text ? dayOf(ms) : undefined
}

function stepsOf(parameters: Parameters): string[] {
  const text = parameters.get('steps') ?? ''
  const steps = text.startsWith('[') ? listOf(text) : text.split(',').map((step) => step.trim())
  const named = steps.filter((step) => typeof step === 'string' && step !== '') as string[]
  if (named.length === steps.length && steps.length >= STEPS_MIN && steps.length <= STEPS_MAX) return named
  const must = `must be ${STEPS_MIN} to ${STEPS_MAX} names of events, with commas between them or as a JSON array`
  throw refused('invalid_parameter', 'steps', `${must}; it ${text === '' ? 'is absent' : isWhat(text)}`)
}

function listOf(text: string): unknown[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list : []
  } catch {
    // No JSON: refused like a list without names.
    return []
  }
}

function withinOf(parameters: Parameters): { within: string; withinMs: number } {
  const within = parameters.get('within') ?? WITHIN_DEFAULT
  const [, count, unit] = DURATION.exec(within) ?? []
  if (count === undefined) {
    throw refused(
      'invalid_parameter',
      'within',
      `must be like \`30m\`, \`12h\`, \`7d\` or \`4w\`; it ${isWhat(within)}`,
    )
  }
  return { within, withinMs: Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS] }
}
