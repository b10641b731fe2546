import type { Refusal } from '../errors.ts'

export const SOURCES = [
  'http',
  'segment',
  'posthog',
  'intercom',
  'hyperengage',
  'churnkey',
  'hogsend',
  'signalsmith',
] as const

/** The door that a request came through, and with it the reader of its body. */
export type Source = (typeof SOURCES)[number]

/** What the request itself says of its sender. */
export interface RequestFacts {
  ip?: string
  userAgent?: string
  /** It had an `Origin`: the sender is a page, and its address and browser are the user's. */
  fromBrowser: boolean
  /** A server's secret or a valid signature stood behind the request; absent if not. */
  verified?: true
  /** `Idempotency-Key`, where the endpoint looks at it. */
  idempotencyKey?: string
  /** When its sender says beside the body that it sent it, in ms of the epoch, where the endpoint looks at it. */
  sentAtMs?: number
}

/** What becomes of a call that is well formed, where the rules of its workspace say something of it. */
export type Outcome = 'rejected' | 'quarantined' | 'warned'

/**
 * What the rules said of an entry's calls when it was taken. They hold for ever, whatever the rules are when it is
 * processed. A call has its place in the request as `index`.
 */
export interface Rulings {
  /** Calls whose user somebody vouches for who knows a secret; true: all of them. */
  verified: true | readonly number[]
  said: readonly { index: number; outcome: Outcome; code: string; message: string }[]
}

/** The door of an entry that is an order of an administrator, which holds where it stands in the log. */
export const ORDER_DOOR = 'order'

/** The door of entries that the server makes itself: their body is an array of `ReleasedEvent`. See quarantine.ts. */
export const RELEASE_DOOR = 'release'

/** An event that was in quarantine and is to be stored. */
export interface ReleasedEvent {
  /** In its canonical form. */
  event: object
  /** It came without a `messageId`. */
  idGenerated: boolean
}

/** One request, as it came, so that anything can be made again from the original. */
export interface Entry {
  source: Source
  /** The endpoint within its source: `track`, `batch`… */
  door: string
  receivedAtMs: number
  /** Name of the workspace; null where the request did not say a known one (then `refusal` is there). */
  workspace: string | null
  facts: RequestFacts
  /** `Content-Encoding`, if there was one. */
  encoding: string | null
  /** As received; of a refused request the first part, decompressed where it could be. */
  body: Uint8Array
  /** Bytes of the body when decompressed. */
  bodyBytes: number
  /** Events that the body holds, good and bad. */
  events: number
  /** Why the request as a whole was not taken: recorded, so that its sender can be told, and never processed. */
  refusal: Refusal | null
  /** Null where no rule said anything, as in nearly all. */
  rulings: Rulings | null
}

/** Place in a partition: 1, 2, 3… in the order of acceptance; never used twice. */
export type Position = number

export interface Chunk {
  entries: readonly { position: Position; entry: Entry }[]
  /** Position of the last of them. */
  upTo: Position
}

/** What was appended and not yet released. */
export interface Backlog {
  entries: number
  bytes: number
}

/** Accepted requests, in order, durable before `append` resolves. The only thing between answering and processing. */
export interface Log {
  /** Rejects with `LogFull` or `LogUnavailable`; then nothing of `entries` counts as taken. */
  append(entries: readonly Entry[]): Promise<void>
  /** Hands over what comes after `after`, chunk by chunk, each when the one before is handled; ends on `signal`. Rejects when `handle` does. */
  consume(
    partition: number,
    after: Position | undefined,
    handle: (chunk: Chunk) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
  /** Says that all up to a position is processed: it no longer counts as backlog, and may go. */
  release(partition: number, upTo: Position): Promise<void>
  /** The entry at a position, as long as it is kept. */
  entryAt(partition: number, position: Position): Promise<Entry | undefined>
  backlog(): Backlog
  /** Position of the newest entry of a partition; 0 before the first. */
  newest(partition: number): Position
  /** Why appends fail at present; undefined after one that did not. */
  failure(): string | undefined
  /** What an acknowledged entry outlives; said in /health. */
  readonly survives: 'process' | 'power' | 'machine'
  readonly partitions: number
  /** Writes what is queued, then lets go of the files. */
  close(): Promise<void>
}

/** The log is as large as it may get, because processing lags: the sender should wait. */
export class LogFull extends Error {
  override name = 'LogFull'
}

/** What the log stands on does not take writes. Nothing of the append may be acknowledged. */
export class LogUnavailable extends Error {
  override name = 'LogUnavailable'
}
