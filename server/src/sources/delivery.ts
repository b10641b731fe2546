import { BATCH_MAX_EVENTS } from '../../../src/limits.ts'
import type { EventType } from '../../../src/wire.ts'
import { type Call, checkCall, checkSize, type Fields, isObject, messageIdOf, type Terms } from '../check.ts'
import { isWhat, type Refusal, RequestRefused, refuse, refused } from '../errors.ts'

/** Why an event was not wanted; the closed list of the API. */
export type IgnoredReason = 'posthog_internal_event' | 'group_type_not_account' | 'unsupported_topic' | 'no_person'

/**
 * What one event of a source comes to: a call, or several; or why there is none. `raw` is the event as it came, where
 * calls were made of it.
 */
export type Item =
  | { calls: readonly Call[]; raw?: unknown }
  | { refusal: Refusal; raw: unknown; messageId: string | null }
  | { ignored: IgnoredReason; raw?: unknown }

/** What one request brings: what every source makes of a body. */
export interface Delivery {
  /** Whether it is one event at an endpoint for one: refused, it is the whole answer. */
  isSingle: boolean
  /**
   * One an event, good, bad or unwanted, in order: the place in here is its `index` in answers. An array, because what
   * a generator yields outlived its request: three times the memory under load.
   */
  items: readonly Item[]
  /** What pages say that they have dropped themselves. */
  losses?: readonly PageLoss[]
}

/** How many events a page has dropped since it was loaded, for one reason. */
export interface PageLoss {
  page: string
  reason: string
  events: number
}

/** Calls that share an envelope. */
export interface Group {
  envelope: Fields
  calls: readonly unknown[]
}

export const NO_ENVELOPE: Fields = {}

/** How many events there are, before anything is made of them: 4 MiB of `[1,1,…` are two million. */
export const countOf = (groups: readonly Group[]): number => groups.reduce((sum, { calls }) => sum + calls.length, 0)

/** Of bodies whose events are calls already. Copies nothing. */
export function callsDelivery(
  groups: readonly Group[],
  { doorType, isSingle, terms }: { doorType?: EventType | undefined; isSingle: boolean; terms?: Terms },
): Delivery {
  const items: Item[] = []
  for (const { envelope, calls } of groups) {
    for (const raw of calls) items.push({ calls: [{ raw, envelope, doorType, terms }] })
  }
  return { isSingle, items }
}

/** What a source makes of one of its events; a refusal may also be thrown. */
export type Mapping = (event: Fields) => { calls: readonly Call[] } | { ignored: IgnoredReason } | { refusal: Refusal }

/** Of bodies whose events have another form: `map` makes calls of each, once it is known to be an object of a bearable size. */
export function mappedDelivery(
  events: readonly unknown[],
  { isSingle, eventMaxBytes, map }: { isSingle: boolean; eventMaxBytes: number; map: Mapping },
): Delivery {
  function itemOf(raw: unknown): Item {
    if (!isObject(raw)) return refusalOf(refuse('invalid_event', 'be a JSON object', isWhat(raw)), raw)
    const excess = checkSize(raw, eventMaxBytes)
    if (excess) return refusalOf(excess, raw)
    try {
      const item = map(raw)
      return 'refusal' in item ? refusalOf(item.refusal, raw) : { ...item, raw }
    } catch (error) {
      if (error instanceof RequestRefused) return refusalOf(error.refusal, raw)
      // A mistake of ours at one event must not cost the others; it is said in the answer, and here.
      process.stderr.write(`airhop-ingest: an event could not be mapped: ${(error as Error).stack}\n`)
      return refusalOf(refuse('invalid_event', 'be one that can be read', `failed: ${(error as Error).message}`), raw)
    }
  }
  return { isSingle, items: events.map(itemOf) }
}

const refusalOf = (refusal: Refusal, raw: unknown): Item => ({ refusal, raw, messageId: messageIdOf(raw) })

/** An item with its calls checked: of one that has a call which cannot be taken nothing is. */
export function settle(item: Item): Item {
  if (!('calls' in item)) return item
  for (const call of item.calls) {
    const refusal = checkCall(call)
    if (refusal) return { refusal, raw: item.raw ?? call.raw, messageId: messageIdOf(call.raw) }
  }
  return item
}

/** Throws `payload_too_large`. */
export function limitEvents(events: number, maxEvents = BATCH_MAX_EVENTS): void {
  if (events > maxEvents) throw refused('payload_too_large', 'batch', `${events}`, maxEvents)
}
