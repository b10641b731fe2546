import type { EventType } from '../../../src/wire.ts'
import type { Fields } from '../check.ts'
import type { Position } from '../log/port.ts'

/** One canonical event with the columns by which it is found. */
export interface StoredEvent {
  workspace: string
  messageId: string
  /** It came without one, so it repeats nothing. */
  idGenerated: boolean
  type: EventType
  source: string
  userId: string | null
  anonymousId: string | null
  /** Name of a `track`. */
  event: string | null
  /** When the request arrived; dedup forgets by it. */
  receivedAtMs: number
  /** It was in quarantine, and no longer is. */
  released?: true
  /** When it happened; ms since the epoch. */
  atMs: number
  said: Said
  /** What it is listed by in the catalogue: the name of a track, page or screen; empty where there is none. */
  name: string
  /** Properties or traits. */
  bag: Fields | undefined
  /** Where its request lies in the log, and its place in there over all envelopes; undefined if it came otherwise. */
  origin: { position: Position; place: number } | undefined
  /** The canonical event, as it is read. */
  json: string
}

/** What is not as its contract says: kept whole until the contract allows it. */
export interface Quarantined {
  event: StoredEvent
  /** Its place among what was rejected, as long as it is kept. */
  rejected: Rejected
}

type Bag = { readonly [key: string]: unknown }

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

/** What became of an order. */
export type Outcome =
  | { done: 'erased'; id: string; userIds: string[]; anonymousIds: string[]; emails: string[]; events: number }
  | { done: 'split'; id: string; separated: string[] }
  | { done: 'nothing'; because: 'unknown' | 'not_merged'; id: string }

/** Who a profile or a timeline is asked for by. `any` is looked for as each kind in turn. */
export interface PersonKey {
  kind: Kind | 'any'
  id: string
}

export interface Profile {
  /** Finds it again: the user id, else the first anonymous id, else the e-mail address. */
  id: string
  userId: string | null
  userIds: string[]
  anonymousIds: string[]
  emails: string[]
  traits: Bag
  accounts: string[]
  automaticAccount: string | null
  verified: boolean
  firstSeen: string | null
  lastSeen: string | null
  events: number
}

/** A person that something was stored of, with what a profile does not say. */
export interface Known {
  profile: Profile
  /** All that stands for it; a trait `email` does not. */
  ids: readonly { kind: Kind; id: string }[]
  /** When the first and the last of its events came, ISO 8601. */
  createdAt: string
  updatedAt: string
}

export interface AccountSummary {
  id: string
  /** Nobody named it: its members share a business domain. */
  automatic: boolean
  traits: Bag
  memberCount: number
}

export interface Account extends AccountSummary {
  members: Page<Profile>
  events: number
  firstSeen: string | null
  lastSeen: string | null
  activity: { day: string; events: number; people: number }[]
}

/** Place in a timeline: when, and the event's number. */
export interface Moment {
  atMs: number
  event: number
}

export interface TimelinePage {
  /** Canonical events as JSON. */
  items: readonly string[]
  last: Moment | undefined
  more: boolean
}

/** Days since the epoch, both included. */
export interface DayRange {
  fromDay: number
  toDay: number
}

export interface CountRow {
  /** Undefined where the whole range is one. */
  day: number | undefined
  name: string
  events: number
  people?: number
}

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

/** What the pages that were heard of in the last 30 days say of one reason. Times are those of receipt. */
export interface LossGroup {
  reason: string
  events: number
  pages: number
  firstAtMs: number
  /** When a page told last of one more. */
  lastAtMs: number
  /** By the day on which a page told first of it. */
  days: readonly { day: number; events: number; pages: number }[]
}

/** What one chunk of the log comes to. */
export interface Changes {
  events: readonly StoredEvent[]
  rejected: readonly Rejected[]
  quarantined: readonly Quarantined[]
  losses: readonly Loss[]
  /** Carried out after the events. */
  order?: Order
}

/** A page of a listing, in stored order or its reverse. */
export interface Paging {
  /** Only what comes after this place, in the order asked for. */
  after: number | undefined
  limit: number
  order: 'asc' | 'desc'
}

export interface EventFilter {
  userId?: string
  anonymousId?: string
  event?: string
  type?: string
  source?: string
  messageId?: string
}

export interface Page<Item> {
  items: readonly Item[]
  /** Place of the last item; undefined if there is none. */
  last: number | undefined
  /** Whether there is more after it. */
  more: boolean
}

export interface QuarantinedEvent {
  /** Why it is not stored. */
  message: string
  idGenerated: boolean
  /** The canonical event as JSON, as it will be stored. */
  json: string
}

export interface Queries {
  /** Canonical events of one workspace, as JSON texts. */
  events(workspace: string, filter: EventFilter, paging: Paging): Page<string>
  /** What one workspace sent and was not taken; with `alsoUnknown` also what said no known key. The newest 10,000 are kept. */
  rejected(workspace: string, alsoUnknown: boolean, paging: Paging): Page<Omit<Rejected, 'workspace'>>
  /** What one workspace has in quarantine, oldest first. */
  quarantined(workspace: string, paging: Paging): Page<QuarantinedEvent>
  /** How much that is, and how much of it was let go of because it was too old or too much. */
  quarantine(workspace: string): { held: number; expired: number }
  /** What pages lost, by reason: the 100 that were told of last. */
  losses(workspace: string): LossGroup[]
  /** When events were last stored, ms since the epoch. */
  lastStoredAtMs(): number | null

  profile(workspace: string, key: PersonKey): Profile | undefined
  known(workspace: string, key: PersonKey): Known | undefined
  /** In the order in which they were first seen. `search`: the beginning of an id, or of a word of name and e-mail address. */
  profiles(workspace: string, search: string | undefined, paging: Paging): Page<Profile>
  /** What a person did, in the order in which it happened; undefined if there is no such person. */
  timeline(
    workspace: string,
    key: PersonKey,
    paging: { event?: string; after: Moment | undefined; limit: number; order: 'asc' | 'desc' },
  ): TimelinePage | undefined
  account(workspace: string, id: string, members: Paging, activity: DayRange): Account | undefined
  /** By id; `after` is the id of the last one. */
  accounts(
    workspace: string,
    search: string | undefined,
    paging: { after: string | undefined; limit: number },
  ): { items: AccountSummary[]; more: boolean }
  counts(
    workspace: string,
    by: 'event' | 'type' | 'source',
    every: 'day' | 'all',
    range: DayRange & { event?: string; people: boolean },
  ): CountRow[]
  /** How many different people did something, in all and by day. */
  people(workspace: string, range: DayRange & { event?: string }): { people: number; days: CountRow[] }
  /** How many people did each of the steps, after the ones before it and at most `withinMs` after the first. */
  funnel(workspace: string, steps: readonly string[], withinMs: number, range: DayRange): number[]
  /** Whether a track of this name happened in these days. */
  occurred(workspace: string, event: string, range: DayRange): boolean
  outcome(orderId: string): Outcome | undefined
}

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
  catalogue(workspace: string): readonly CatalogueName[]
  /** The fields of every name, as `type\nname`; of one name when it is given. */
  fields(workspace: string, only?: { type: string; name: string }): ReadonlyMap<string, readonly CatalogueField[]>
  /** Events that were ever stored. */
  storedEver(): number
  /** Events that pages of all workspaces say that they have dropped, of those that were heard of in the last 30 days. */
  lostInBrowsers(): number
}

/** Where processing ends. One transaction: events, what was rejected, ids and the position, or none of them. */
export interface Store {
  /** Up to where the log is processed; undefined before the first commit. */
  position(partition: number): Promise<Position | undefined>
  /** Stores each event whose (workspace, messageId) was not stored in the last 30 days at least; the first one wins. */
  commit(partition: number, upTo: Position, changes: Changes): Promise<void>
  /** Stores events of a file, and (where the file has a name) how many of its lines are done; how many of the events were new. */
  importEvents(file: string | undefined, lines: number, events: readonly StoredEvent[]): Promise<number>
  /** How many lines of a file are done. */
  imported(file: string): Promise<number>
  /** Forgets what became of orders that nobody waits for any more. */
  tidy(): Promise<void>
  /** Removes what happened before a day, at most so many events of it, and people of whom nothing is left; how many events. */
  prune(workspace: string, beforeDay: number, limit: number): Promise<number>
  query: Queries & PageQueries
  close(): Promise<void>
}
