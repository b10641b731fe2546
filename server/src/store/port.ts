import type { EventType } from '../../../src/wire.ts'
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
  /** Where it is an identity, in lower case. */
  email: string | null
  /** Name of a `track`. */
  event: string | null
  /** When the request arrived; dedup forgets by it. */
  receivedAtMs: number
  /** It was in quarantine, and no longer is. */
  released?: true
  /** The canonical event, as it is read. */
  json: string
}

/** What is not as its contract says: kept whole until the contract allows it. */
export interface Quarantined {
  event: StoredEvent
  /** Its place among what was rejected, as long as it is kept. */
  rejected: Rejected
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

/** What one chunk of the log comes to. */
export interface Changes {
  events: readonly StoredEvent[]
  rejected: readonly Rejected[]
  quarantined: readonly Quarantined[]
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
  /** When events were last stored, ms since the epoch. */
  lastStoredAtMs(): number | null
}

/** A person as Hogsend shows one: who has an e-mail address, a `userId`, or both. */
export interface Contact {
  /** Its `userId`, else its e-mail address: what it can be asked for by. */
  id: string
  externalId: string | null
  email: string | null
  /** Traits as they are now. */
  properties: Readonly<Record<string, unknown>>
  /** Times in ISO 8601: of the oldest and newest event, and of when they arrived. */
  firstSeenAt: string
  lastSeenAt: string
  createdAt: string
  updatedAt: string
}

/** What the store knows of people by the ids that Hogsend uses. */
export interface Contacts {
  /** Those who have the `userId`, and those who have the address; each once. */
  find(workspace: string, ids: { userId?: string | undefined; email?: string | undefined }): Contact[]
  /** Whether an event of that contact had this anonymous id. */
  hasAnonymousId(workspace: string, contact: Contact, anonymousId: string): boolean
}

/** Where processing ends. One transaction: events, what was rejected, ids and the position, or none of them. */
export interface Store {
  /** Up to where the log is processed; undefined before the first commit. */
  position(partition: number): Promise<Position | undefined>
  /** Stores each event whose (workspace, messageId) was not stored in the last 30 days at least; the first one wins. */
  commit(partition: number, upTo: Position, changes: Changes): Promise<void>
  query: Queries
  contacts: Contacts
  close(): Promise<void>
}
