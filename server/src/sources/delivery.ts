import type { EventType } from '../../../src/wire.ts'
import type { Call, Fields } from '../check.ts'

/** Calls that share an envelope. */
export interface Group {
  envelope: Fields
  calls: readonly unknown[]
}

/** What one request brings, in its order: what every source makes of a body. */
export interface Delivery {
  groups: readonly Group[]
  /** Calls of all groups. */
  events: number
  /** The type of every call, where the endpoint says it. */
  doorType: EventType | undefined
}

export const NO_ENVELOPE: Fields = {}

/** The calls of all groups, in order: the place of a call in here is its `index` in answers. */
export function* callsOf({ groups, doorType }: Delivery): Generator<Call, void, undefined> {
  for (const { envelope, calls } of groups) {
    for (const raw of calls) yield { raw, envelope, doorType }
  }
}
