import type { Position } from '../log/port.ts'
import type { Rejected } from './changes.ts'
import type { EventFilter } from './queries-port.ts'

/** A place in the live stream: up to which event and which rejection it was read. */
export interface LivePlace {
  event: number
  rejected: number
}

export interface LiveFilter extends EventFilter {
  /** A `userId` or an `anonymousId`. */
  who?: string
}

export interface LiveEvent {
  id: number
  /** Null of what was stored by a version that did not note it. */
  storedAtMs: number | null
  json: string
}

export type LiveRejected = Omit<Rejected, 'workspace'> & { id: number }

/** Whose rejections are shown: with `alsoUnknown` also what said no known key. */
export interface Audience {
  workspace: string
  alsoUnknown: boolean
}

/** What was not taken for one reason, the newest 10,000 rows of all reasons counted. */
export interface RefusalGroup {
  code: string
  count: number
  firstAtMs: number
  lastAtMs: number
  /** The newest few. */
  examples: readonly Omit<LiveRejected, 'code'>[]
}

export interface Inspected extends LiveEvent {
  position: Position | null
  place: number | null
  repeats: number
  lastRepeatAtMs: number | null
}

/** One name of the catalogue. Times are those of receipt. */
export interface CatalogueName {
  type: string
  name: string
  events: number
  firstAtMs: number
  lastAtMs: number
  /** Events of each hour (ms / 3,600,000) that had any, of the last 31 days. */
  hours: ReadonlyMap<number, number>
}

/** One type of the values of a property or trait. */
export interface CatalogueField {
  field: string
  /** `string`, `number`, `boolean`, `null`, `array`, `object`. */
  type: string
  events: number
  firstAtMs: number
  lastAtMs: number
  /** JSON texts, cut. */
  examples: readonly string[]
}

/** The events of one name that are in quarantine. Times are those of receipt. */
export interface QuarantinedName {
  type: string
  name: string
  events: number
  firstAtMs: number
  lastAtMs: number
  /** Up to three of the newest, each once. */
  messages: readonly string[]
  /** The newest, as `QuarantinedEvent` has it. */
  json: string
}

/** What the page shows and nobody else asks for. */
export interface PageQueries {
  /** Where the stream is now. */
  liveNewest(): LivePlace
  /** The place from which `last` events that match come, and rejections of the same time at most. */
  livePlace(audience: Audience, filter: LiveFilter, last: number): LivePlace
  /** What comes after a place: at most `limit` of each, and the place of what was looked at. */
  liveAfter(
    audience: Audience,
    filter: LiveFilter,
    after: LivePlace,
    limit: number,
  ): { events: readonly LiveEvent[]; rejected: readonly LiveRejected[]; upTo: LivePlace; more: boolean }
  refusals(audience: Audience): readonly RefusalGroup[]
  /** What is in quarantine, by name: the 50 to which something was added last. */
  quarantinedNames(workspace: string): readonly QuarantinedName[]
  inspect(workspace: string, messageId: string): Inspected | undefined
  /** Every name; one when it is given. */
  catalogue(workspace: string, only?: { type: string; name: string }): readonly CatalogueName[]
  /** The fields of every name, as `type\nname`; of one name when it is given. */
  fields(workspace: string, only?: { type: string; name: string }): ReadonlyMap<string, readonly CatalogueField[]>
  /** Events that were ever stored. */
  storedEver(): number
  /** Events that pages of all workspaces say that they have dropped, of those that were heard of in the last 30 days. */
  lostInBrowsers(): number
}
