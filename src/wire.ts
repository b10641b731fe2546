/** What crosses the network between airhop.js and airhop-ingest. Types only. */

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export type EventType = 'identify' | 'track' | 'page' | 'screen' | 'group' | 'alias'

/** One call, with only what its envelope does not say. */
export interface WireEvent {
  type: EventType
  /** The key by which the server stores it once, whatever the number of tries; ≤ 255 characters. */
  messageId: string
  /** ISO 8601 UTC with milliseconds, by the browser's clock, at the call. */
  timestamp: string
  event?: string
  name?: string
  category?: string
  userId?: string
  anonymousId?: string
  groupId?: string
  properties?: object
  traits?: object
  context?: object
  integrations?: object
}

/** What events have in common. Each field stands under every event of `batch` that does not say otherwise. */
export interface Envelope {
  writeKey: string
  anonymousId: string
  userId?: string
  groupId?: string
  /** Hex HMAC-SHA-256 of `userId`, made by the customer's server. */
  signature?: string
  context: object
  /** ISO 8601 UTC, by the browser's clock, when this request left: the server corrects the events' clock by it. */
  sentAt: string
  /**
   * How many events its page has dropped since it was loaded, by reason; absent while there are none. Said again with
   * every envelope, so that a repeat changes nothing. The page is the `messageId` of the first event of `batch`, made
   * here, up to its last `-`.
   */
  dropped?: { [reason: string]: number }
  batch: WireEvent[]
}

/** Body of `POST /ingest/v1/batch`: one envelope, or several when a page leaves with several. */
export type BatchRequest = Envelope | Envelope[]

/** Why one event of a batch was not taken. */
export interface EventError {
  /** Place in the request, counted over all envelopes. */
  index: number
  messageId: string | null
  /** From the closed list in the server's `errors.ts`. */
  code: string
  /** A sentence that names the field, the limit and the actual value. */
  message: string
}

/** Answer to an accepted request. A 2xx counts as an acknowledgement when its body is an object with a number `received`. */
export interface BatchAnswer {
  received: number
  /** Stored or to be stored, duplicates included. */
  accepted: number
  /** Those of `accepted` that were already known when the answer was given; may be fewer than the store will find. */
  duplicates?: number
  rejected: number
  /** Those of `rejected` that the server keeps, to be stored when its contract allows them; absent if there are none. */
  quarantined?: number
  errors?: EventError[]
}

/** Answer to a request that was not accepted. */
export interface ErrorAnswer {
  error: { code: string; message: string }
}
