import type { ReceivedEvent } from './received.ts'

/** Fields that an event has to have; objects in it may have more. Matchers such as `expect.any(String)` are asked. */
export type EventPattern = { [Field in keyof ReceivedEvent]?: unknown }

/** What is looked for: a track call by its name and properties, or any event by its fields. */
export const patternOf = (event: string | EventPattern, properties?: object | null): EventPattern =>
  typeof event === 'string' ? { type: 'track', event, ...(properties && { properties }) } : event

interface Matcher {
  asymmetricMatch(actual: unknown): boolean
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const matches = (actual: unknown, expected: unknown): boolean => {
  if (!isObject(expected)) return Object.is(actual, expected)
  if ('asymmetricMatch' in expected) return (expected as unknown as Matcher).asymmetricMatch(actual)
  // A Date is its text in an event.
  if (typeof expected.toJSON === 'function') return matches(actual, expected.toJSON())
  if (!isObject(actual) || Array.isArray(actual) !== Array.isArray(expected)) return false
  if (Array.isArray(expected) && expected.length !== actual.length) return false
  return Object.keys(expected).every((field) => matches(actual[field], expected[field]))
}

export const findEvent = (events: ReceivedEvent[], pattern: EventPattern): ReceivedEvent | undefined =>
  events.find((event) => matches(event, pattern))

const lineOf = ({ type, event, userId, groupId, name, properties, traits }: EventPattern): string =>
  ['', type, event ?? (type === 'identify' ? userId : type === 'group' ? groupId : name)]
    .concat(properties || traits ? JSON.stringify(properties ?? traits) : [])
    .filter((part) => part != null)
    .join(' ')

const listOf = (events: ReceivedEvent[], refused: string[]): string =>
  [
    events.length ? `These events came:\n${events.map(lineOf).join('\n')}` : 'No event came.',
    ...(refused.length ? [`Refused: ${refused.join(', ')}`] : []),
  ].join('\n')

/** An error as the test runners know it: they show the difference of the two. */
const assertionError = (message: string, actual: unknown, expected: unknown): Error =>
  Object.assign(new Error(message), { name: 'AssertionError', actual, expected })

/** That none of the events is as expected. `refused`: why others were not taken. */
export const missing = (events: ReceivedEvent[], pattern: EventPattern, refused: string[] = []): Error => {
  // The one that was most likely meant.
  const nearest = events.find(({ type, event }) => type === pattern.type && event === pattern.event)
  return assertionError(`No event is${lineOf(pattern)}\n${listOf(events, refused)}`, nearest ?? events, pattern)
}

/** That one of them is what none should be. */
export const unexpected = (events: ReceivedEvent[], found: ReceivedEvent): Error =>
  assertionError(`There is${lineOf(found)}\n${listOf(events, [])}`, found, undefined)
