import type { Bag, Kind, Rejected } from './changes.ts'

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

/** Place in a listing of counts. */
export type CountPlace = Pick<CountRow, 'day' | 'name'>

export interface CountRow {
  /** Undefined where the whole range is one. */
  day: number | undefined
  name: string
  events: number
  people?: number
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
  /** By day, then by name. `after` is the place of the last one; without `limit` all of them. */
  counts(
    workspace: string,
    by: 'event' | 'type' | 'source',
    every: 'day' | 'all',
    range: DayRange & { event?: string; people: boolean; after?: CountPlace | undefined; limit?: number },
  ): CountRow[]
  /** How many different people did something, in all and by day. */
  people(workspace: string, range: DayRange & { event?: string }): { people: number; days: CountRow[] }
  /** How many people did each of the steps, after the ones before it and at most `withinMs` after the first. */
  funnel(workspace: string, steps: readonly string[], withinMs: number, range: DayRange): number[]
  /** Whether a track of this name happened in these days. */
  occurred(workspace: string, event: string, range: DayRange): boolean
  outcome(orderId: string): Outcome | undefined
}
