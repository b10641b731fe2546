import { EVENT_MAX_BYTES } from '../../../src/limits.ts'
import type { EventType } from '../../../src/wire.ts'
import { type Fields, isObject } from '../check.ts'
import { isWhat, NESTING_MAX_LEVELS, refused } from '../errors.ts'
import { excessOf } from '../json-size.ts'
import { callsDelivery, type Delivery, type Group, limitEvents, NO_ENVELOPE } from './delivery.ts'

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
  const delivery = callsDelivery(groupsOf(body), { isSingle: false })
  limitEvents(delivery.items.length)
  return delivery
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
