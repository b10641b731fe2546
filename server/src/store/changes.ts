import type { EventType } from '../../../src/wire.ts'
import type { Fields } from '../check.ts'
import type { Position } from '../log/port.ts'

/** A canonical event as its row keeps it: the JSON does not say again what the columns say. See event-json.ts. */
export interface KeptEvent {
  type: EventType
  source: string
  /** Name of a `track`. */
  event: string | null
  /** When it happened; ms since the epoch. */
  atMs: number
  /** The other times: ms after `atMs`; null where it says none, and all of them where `json` says them. */
  receivedAfter: number | null
  originalAfter: number | null
  sentAfter: number | null
  /** 1, 0; null where `json` says it. */
  verified: number | null
  /** The rest of it; the whole event where `receivedAfter` is null. */
  json: string
}

/** One canonical event with all by which it is found. */
export interface StoredEvent extends KeptEvent {
  workspace: string
  messageId: string
  /** It came without one, so it repeats nothing. */
  idGenerated: boolean
  userId: string | null
  anonymousId: string | null
  /** When the request arrived; dedup forgets by it. */
  receivedAtMs: number
  /** It was in quarantine, and no longer is. */
  released?: true
  /** It says itself when; else it happened when it came. */
  timed: boolean
  said: Said
  /** What it is listed by in the catalogue: the name of a track, page or screen; empty where there is none. */
  name: string
  /** Properties or traits. */
  bag: Fields | undefined
  /** Where its request lies in the log, and its place in there over all envelopes; undefined if it came otherwise. */
  origin: { position: Position; place: number } | undefined
}

/** What is not as its contract says: kept whole until the contract allows it. */
export interface Quarantined {
  event: StoredEvent
  /** Its place among what was rejected, as long as it is kept. */
  rejected: Rejected
}

export type Bag = { readonly [key: string]: unknown }

/** What an event says of people and accounts. */
export interface Said {
  /** An e-mail address that is an identity at its source, in lower case; a trait `email` is none. */
  email: string | null
  /** Of an alias: the id that becomes the user's. */
  previousId: string | null
  /** The account that it happened for. */
  groupId: string | null
  /** Newest wins, and a null removes. */
  traits: Bag | undefined
  /** Only for what is not there. */
  traitsOnce: Bag | undefined
  /** What the sender already knew: fills gaps. */
  contextTraits: Bag | undefined
  accountTraits: Bag | undefined
  /** A server's secret or a valid signature stands behind it. */
  verified: boolean
  /** It is not verified and says a time long before its arrival: where the first one wins, it comes after those that don't. */
  late: boolean
}

/** Ids that stand for somebody, the strongest first. */
export const KINDS = ['user', 'anonymous', 'email'] as const
export type Kind = (typeof KINDS)[number]

/** What an administrator wants done: an entry of the log like any other, so that it holds when the log is replayed. */
export type Order =
  /** `kind`: what the id is; without it, whatever finds somebody first, as a profile is asked for. */
  | { orderId: string; workspace: string; do: 'erase'; id: string; kind?: Kind }
  /** Takes ids out of the person that `id` finds: `ids`, else `id` itself, else (of the person's own user id) all. */
  | { orderId: string; workspace: string; do: 'split'; id: string; ids: readonly string[] }

/** What was not taken, and why. */
export interface Rejected {
  /** Null where the request did not say a known one. */
  workspace: string | null
  receivedAtMs: number
  source: string
  /** Status of the answer, where the request as a whole was refused; null for an event of a batch. */
  status: number | null
  code: string
  message: string
  /** Place in the request, counted over all its envelopes; null for the request as a whole. */
  index: number | null
  messageId: string | null
  /** The first part of what was sent. */
  body: string
}

/** How many events a page says that it has dropped since it was loaded, for one reason. */
export interface Loss {
  workspace: string
  receivedAtMs: number
  page: string
  reason: string
  events: number
}

/** What an entry of the log comes to. */
export interface Changes {
  events: readonly StoredEvent[]
  rejected: readonly Rejected[]
  quarantined: readonly Quarantined[]
  losses: readonly Loss[]
  /** Carried out after the events. */
  order?: Order
}

/** What the entry at a position comes to. */
export interface Replayed {
  position: Position
  changes: Changes
}
