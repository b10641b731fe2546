import type { Consent, ConsentKeeper } from './consent.ts'
import { type Entry, utf8Bytes } from './entry.ts'
import type { openEnvelopes } from './envelope.ts'
import { type Options, type Said, serialize } from './event.ts'
import { type IdentityKeeper, toId } from './identity.ts'
import { EVENT_MAX_BYTES } from './limits.ts'
import type { Fields, Open, WithProperties } from './plan.ts'
import type { Queue } from './queue.ts'
import type { Fate, Listener, Result, Stats } from './result.ts'
import type { Sender } from './sender.ts'
import { attempt } from './storage.ts'

/** Called once with what became of the event. */
export type Callback = (result: Result) => void
/** A method's name, its arguments, and what the stub adds: the function that takes what it returns. */
export type QueuedCall = unknown[] & { r?: (value: unknown) => void }
type Values = Record<string, unknown>
/** What a page passes is not known before it is looked at. */
// biome-ignore lint/suspicious/noExplicitAny: serialize sends what it gets, and the server judges it.
type Arguments = any[]

/**
 * What a page can call. Nothing here throws, and no promise rejects or needs to be awaited.
 * @typeParam Plan Properties by event name. Without one any event with any properties is taken.
 */
export interface Airhop<Plan = Open> {
  /**
   * Ties what follows to a user. `null` or nothing keeps the known user. A different user gets a new anonymous id.
   * Refused with a reason: an id that is empty, NaN, longer than 512 characters, or the words null, undefined,
   * [object Object].
   */
  identify(
    userId: string | number | null | undefined,
    traits?: Fields<Plan> | Callback | null,
    options?: Options | Callback | null,
    callback?: Callback,
  ): Promise<Result>
  identify(traits?: Fields<Plan> | Callback, options?: Options | Callback | null, callback?: Callback): Promise<Result>
  /**
   * Something happened: a name, and what is to be known of it (≤ 32 KiB of JSON in all). What was passed is copied at the
   * call. Refused without a name: `missing_event`. Dropped: `unserializable` (a cycle, a BigInt), `event_too_large`.
   */
  track<Event extends keyof Plan & string, Given extends Plan[Event]>(
    event: Event,
    ...rest: WithProperties<Plan, Event, Given, [options?: Options | Callback | null, callback?: Callback], Callback>
  ): Promise<Result>
  /** A page was seen. One string is its name; two are category and name. The page's own facts are filled in. */
  page(
    category?: string | null,
    name?: string | null,
    properties?: Fields<Plan> | Callback | null,
    options?: Options | Callback | null,
    callback?: Callback,
  ): Promise<Result>
  page(
    name?: string | Fields<Plan> | Callback | null,
    properties?: Fields<Plan> | Callback | null,
    options?: Options | Callback | null,
    callback?: Callback,
  ): Promise<Result>
  /** Links the user to an account; later events carry it as `context.groupId`. */
  group(
    groupId: string | number,
    traits?: Fields<Plan> | Callback | null,
    options?: Options | Callback | null,
    callback?: Callback,
  ): Promise<Result>
  /** Forgets user, group and signature and starts a new anonymous id, in all tabs. Sends nothing. */
  reset(): void
  /** Sends what waits. Resolves with the number of events not answered for, at the latest after `timeoutMs` (10,000). */
  flush(options?: { timeoutMs?: number } | null): Promise<number>
  /**
   * Who uses this browser, as any tab of the origin has left it; null where there is none. Functions, as in Segment.
   * `traits()` is there for code written for Segment and always empty: traits are sent and not kept.
   */
  user(): { id(): string | null; anonymousId(): string | null; groupId(): string | null; traits(): object }
  /** Takes an id of yours, of at most 512 characters, in place of the one made here. Nothing happens when it is no id. */
  setAnonymousId(anonymousId: string): void
  /** Calls back once calls are taken: at once, but never before it returns. */
  ready(callback?: (() => void) | null): void
  /** Tells of each event that ends so; returns a function that stops it. */
  on(fate: Fate, listener: Listener): () => void
  /** How many events of this page were tracked and what became of them. */
  stats(): Stats
  /** Consent is given: what was held is sent, and all that follows. Remembered, in all tabs. */
  optIn(): void
  /** Consent is refused: drops what waits and the ids, and takes nothing any more. Remembered, in all tabs. */
  optOut(): void
  /** Whether consent is refused. While it is pending it is not. */
  optedOut(): boolean
  /** `['track', 'name', …]`: the form of the stub's queue, taken at any time. */
  push(...calls: QueuedCall[]): void
  /** One console line an event, a request, a loss. */
  debug(on?: boolean): void
  /** Of the package, as it goes in `context.library`. */
  readonly VERSION: string
}

interface Parts {
  /** Why nothing is taken, if so. */
  off: string | undefined
  consent: ConsentKeeper
  identity: IdentityKeeper
  envelopeNow: ReturnType<typeof openEnvelopes>
  queue: Queue
  sender: Pick<Sender, 'add' | 'flush'>
  /** Consent has changed. */
  enter(): void
  log(...line: unknown[]): void
}

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null
const isFunction = (value: unknown) => typeof value === 'function'

/** What each event call does: its arguments, and the event they make. */
export const createCalls = ({ off, consent, identity, envelopeNow, queue, sender, enter, log }: Parts) => {
  const { now, change, reset } = identity

  /** Makes the event, or finds why there is none. All that is fixed at the call is fixed here. */
  const record = (said: Said, options?: Options | null, problem?: string): Promise<Result> =>
    new Promise((answer) => {
      let messageId = ''
      let entry: Entry | undefined
      const who = now()
      let reason = problem || off || (who.anonymousId ? '' : 'opted_out')
      if (!reason)
        try {
          const { id, head, page } = envelopeNow(who)
          messageId = options?.messageId || id
          const json = serialize(said, options || {}, messageId, page)
          entry = { id, messageId, head, json, bytes: utf8Bytes(json), answer, chunk: undefined }
          if (entry.bytes > EVENT_MAX_BYTES) reason = 'event_too_large'
        } catch {
          reason = 'unserializable'
        }
      if (reason) queue.end({ messageId, answer }, problem ? 'rejected' : 'dropped', reason)
      else {
        log(said.type, said.event || said.name, messageId)
        sender.add(entry!)
      }
    })

  const decide = (decision: Consent) => {
    consent.set(decision)
    enter()
  }

  /** Takes a trailing callback off the arguments, and calls it once with the result. */
  const withCallback =
    (call: (...args: Arguments) => Promise<Result>) =>
    (...args: Arguments): Promise<Result> => {
      const callback = args.find(isFunction)
      const result = call(...args.filter((arg) => !isFunction(arg)))
      // In a task of its own: what it throws is the page's error, not ours.
      if (callback) result.then((value) => queueMicrotask(() => callback(value)))
      return result
    }

  return {
    identify: withCallback((...args) => {
      const [userId, traits, options] = isObject(args[0]) ? [undefined, ...args] : args
      const id = toId(userId)
      if (id) {
        // One anonymous id on two people would merge them.
        if ((now().userId || id) !== id) reset()
        change({ userId: id, signature: toId(attempt(() => options?.signature)) || now().signature })
      }
      return record({ type: 'identify', traits }, options, userId == null || id ? '' : 'invalid_user_id')
    }),

    track: withCallback((event, properties, options) =>
      record({ type: 'track', event, properties }, options, event ? '' : 'missing_event'),
    ),

    page: withCallback((...args) => {
      const [name, category] = args.filter((arg) => typeof arg === 'string').reverse()
      // Four arguments stand where they belong; fewer may have any left out before them.
      const [properties, options] = args[3] ? args.slice(2) : args.filter(isObject)
      return record({ type: 'page', name, category, properties }, options)
    }),

    group: withCallback((groupId, traits, options) => {
      const id = toId(groupId)
      if (id) change({ groupId: id })
      return record({ type: 'group', groupId: id, traits }, options, id ? '' : 'missing_group_id')
    }),

    reset,
    flush: sender.flush,
    user: () => ({
      id: () => now().userId ?? null,
      anonymousId: () => now().anonymousId ?? null,
      groupId: () => now().groupId ?? null,
      traits: () => ({}),
    }),
    setAnonymousId(anonymousId: string) {
      if (toId(anonymousId)) change({ anonymousId: `${anonymousId}` })
    },
    // Segment's may be called with nothing.
    ready: (callback?: (() => void) | null) => attempt(() => queueMicrotask(callback!)),
    optIn: () => decide('granted'),
    optOut: () => decide('denied'),
    optedOut: () => consent.now() === 'denied',
    on: queue.on,
    stats: queue.stats,
  }
}
