import { EVENT_MAX_BYTES } from '../../../src/limits.ts'
import type { EventType } from '../../../src/wire.ts'
import { type Fields, isObject, messageIdOf } from '../check.ts'
import { isWhat, NESTING_MAX_LEVELS, refused } from '../errors.ts'
import { excessOf } from '../json-size.ts'
import {
  callsDelivery,
  countOf,
  type Delivery,
  type Group,
  limitEvents,
  NO_ENVELOPE,
  type PageLoss,
} from './delivery.ts'

/** The endpoints below `/ingest/v1/`. */
export type NativeDoor = EventType | 'batch'

/**
 * The calls of a body: one call at an endpoint of a type; at `batch` an envelope, an array of envelopes or an array of
 * calls. Copies nothing. Throws `invalid_batch` and `payload_too_large`.
 */
export function readNative(door: NativeDoor, body: unknown): Delivery {
  if (door !== 'batch') {
    return callsDelivery([{ envelope: NO_ENVELOPE, calls: [body] }], { doorType: door, isSingle: true })
  }
  const groups = groupsOf(body)
  limitEvents(countOf(groups))
  return { ...callsDelivery(groups, { isSingle: false }), losses: lossesOf(groups) }
}

/** The SDK has four reasons; a later one may have more. */
const REASONS_MAX = 20
const REASON = /^[a-z0-9_]{1,64}$/
const LOST_MAX_EVENTS = 1e9

/** Pages of one request. airhop.js sends for one. */
const PAGES_MAX = 100

/** An id as airhop.js makes it, its page first (src/envelope.ts). One of the caller's own says no page. */
const PAGE_AND_TIME = /^([a-z0-9]{8,13})-[a-z0-9]{8}$/

/** What envelopes say in `dropped`, each page and reason once, as `Envelope` in src/wire.ts; what is not so says nothing. */
function lossesOf(groups: readonly Group[]): PageLoss[] {
  const pages = new Map<string, Map<string, number>>()
  for (const { envelope, calls } of groups) {
    if (!isObject(envelope.dropped)) continue
    const [page] = PAGE_AND_TIME.exec(messageIdOf(calls[0]) ?? '')?.slice(1) ?? []
    if (page === undefined || (pages.size === PAGES_MAX && !pages.has(page))) continue
    const reasons = pages.get(page) ?? new Map<string, number>()
    pages.set(page, reasons)
    for (const [reason, events] of Object.entries(envelope.dropped)) {
      if (!REASON.test(reason) || !Number.isInteger(events)) continue
      const lost = events as number
      if (lost < 1 || lost > LOST_MAX_EVENTS || (reasons.size === REASONS_MAX && !reasons.has(reason))) continue
      reasons.set(reason, Math.max(lost, reasons.get(reason) ?? 0))
    }
  }
  return [...pages].flatMap(([page, reasons]) => [...reasons].map(([reason, events]) => ({ page, reason, events })))
}

/** The `writeKey` of a body; an array says it in its first item. */
export function nativeKeyOf(body: unknown): unknown {
  const first = Array.isArray(body) ? body[0] : body
  return isObject(first) ? first.writeKey : undefined
}

/** Calls by envelope, of a body that is an envelope, or an array of envelopes or calls. Throws `invalid_batch`. */
export function groupsOf(body: unknown): Group[] {
  if (isObject(body)) return [readEnvelope(body)]
  if (!Array.isArray(body)) {
    throw refused('invalid_batch', 'The body must be an object with `batch`, or an array', isWhat(body))
  }
  if (!body.some(isEnvelope)) return [{ envelope: NO_ENVELOPE, calls: body }]
  return body.map((item) => (isEnvelope(item) ? readEnvelope(item) : { envelope: NO_ENVELOPE, calls: [item] }))
}

const isEnvelope = (item: unknown): item is Fields => isObject(item) && item.batch !== undefined

function readEnvelope(envelope: Fields): Group {
  const { batch } = envelope
  if (!Array.isArray(batch)) throw refused('invalid_batch', '`batch` must be an array of calls', isWhat(batch))
  // It becomes part of every event, so it is bound like one.
  for (const field of ['context', 'integrations']) {
    const excess = excessOf(envelope[field], EVENT_MAX_BYTES, NESTING_MAX_LEVELS)
    if (excess === undefined) continue
    const actual = excess === 'levels' ? 'is deeper' : `has ${excess}`
    const limits = `at most ${EVENT_MAX_BYTES} bytes of JSON, nested at most ${NESTING_MAX_LEVELS} levels deep`
    throw refused('invalid_batch', `\`${field}\` of an envelope must be ${limits}`, actual)
  }
  return { envelope, calls: batch }
}
