import { type Fields, isObject } from '../check.ts'
import { callsDelivery, countOf, type Delivery, limitEvents, NO_ENVELOPE } from './delivery.ts'
import { CONNECTOR_EVENT_MAX_BYTES, SEGMENT_WEBHOOK_MAX_EVENTS } from './limits.ts'
import { groupsOf } from './native.ts'

/** Segment has corrected `timestamp` before it forwards: https://segment.com/docs/connections/spec/common/#timestamps */
const TERMS = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, clockIsCorrected: true }

/**
 * The calls of a delivery of Segment's webhook: one call, an array of calls (batched deliveries), or `{ batch }`. Throws
 * `payload_too_large`.
 */
export function readSegment(body: unknown): Delivery {
  const groups = isOneCall(body) ? [{ envelope: NO_ENVELOPE, calls: [body] }] : groupsOf(body)
  limitEvents(countOf(groups), SEGMENT_WEBHOOK_MAX_EVENTS)
  return callsDelivery(groups, { isSingle: false, terms: TERMS })
}

/** The key of a body: each event has the key of its source at Segment in the same place, which is not ours. */
export function segmentKeyOf(body: unknown): unknown {
  const first = firstOf(body)
  const keys = [isObject(body) ? body.writeKey : undefined, isObject(first) ? first.writeKey : undefined]
  return keys.find((key) => typeof key === 'string' && key.startsWith('wk_'))
}

/** What `X-Signature` may be of, beside the body as it came: of a batch Segment signs the first event only. */
export function segmentSignedText(body: unknown): string {
  return JSON.stringify(firstOf(body)) ?? ''
}

const isOneCall = (body: unknown) => !Array.isArray(body) && !(isObject(body) && Array.isArray(body.batch))

function firstOf(body: unknown): unknown {
  if (Array.isArray(body)) return body[0]
  return isObject(body) && Array.isArray(body.batch) ? (body as Fields & { batch: unknown[] }).batch[0] : body
}
