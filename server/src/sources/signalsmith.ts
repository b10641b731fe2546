import { refused } from '../errors.ts'
import { callsDelivery, countOf, type Delivery, NO_ENVELOPE } from './delivery.ts'
import { SIGNALSMITH_BATCH_MAX_EVENTS } from './limits.ts'
import { groupsOf } from './native.ts'

/** `POST /api/v1/events` and `/api/v1/events/batch`. */
export type SignalSmithDoor = 'event' | 'batch'

/** The calls of a body in SignalSmith's form, which is Segment's. Throws `invalid_batch` and `batch_too_large`. */
export function readSignalSmith(door: SignalSmithDoor, body: unknown): Delivery {
  if (door === 'event') return callsDelivery([{ envelope: NO_ENVELOPE, calls: [body] }], { isSingle: true })
  const groups = groupsOf(body)
  const events = countOf(groups)
  if (events > SIGNALSMITH_BATCH_MAX_EVENTS) throw refused('batch_too_large', SIGNALSMITH_BATCH_MAX_EVENTS, events)
  return callsDelivery(groups, { isSingle: false })
}
