import type { Clock } from './clock.ts'
import type { Envelopes } from './envelope.ts'
import { type Options, type Said, serialize } from './event.ts'
import { type IdentityKeeper, toId } from './identity.ts'
import { utf8Bytes } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { EVENT_MAX_BYTES } from './limits.ts'
import type { Queue } from './queue.ts'
import type { Fate, Listener, Result, Stats } from './result.ts'
import type { Sender } from './sender.ts'
import type { EventType } from './wire.ts'

/** Called once with what became of the event. */
export type Callback = (result: Result) => void
type Values = Record<string, unknown>
/** What a page passes is not known before it is looked at. */
// biome-ignore lint/suspicious/noExplicitAny: serialize sends what it gets, and the server judges it.
type Arguments = any[]

/** What a page can call. Nothing here throws, and no promise rejects or needs to be awaited. */
export interface Airhop {
  /**
   * Ties what follows to a user. `null` or nothing keeps the known user. A different user gets a new anonymous id.
   * Refused with a reason: an id that is empty, NaN, or the words null, undefined, [object Object].
   */
  identify(
    userId: string | number | null | undefined,
    traits?: Values | null,
    options?: Options | null,
    callback?: Callback,
  ): Promise<Result>
  identify(traits?: Values, options?: Options | null, callback?: Callback): Promise<Result>
  /** Something happened: a name, and what is to be known of it (≤ 32 KiB of JSON). */
  track(event: string, properties?: Values | null, options?: Options | null, callback?: Callback): Promise<Result>
  /** A page was seen. One string is its name; two are category and name. The page's own facts are filled in. */
  page(
    category?: string | null,
    name?: string | null,
    properties?: Values | null,
    options?: Options | null,
    callback?: Callback,
  ): Promise<Result>
  page(
    name?: string | Values | null,
    properties?: Values | null,
    options?: Options | null,
    callback?: Callback,
  ): Promise<Result>
  /** Links the user to an account; later events carry it as `context.groupId`. */
  group(
    groupId: string | number,
    traits?: Values | null,
    options?: Options | null,
    callback?: Callback,
  ): Promise<Result>
  /** Forgets user, group and signature and starts a new anonymous id, in all tabs. Sends nothing. */
  reset(): void
  /** Sends what waits. Resolves with the number of events not answered for, at the latest after `timeoutMs` (10,000). */
  flush(options?: { timeoutMs?: number }): Promise<number>
  user(): { id(): string | null; anonymousId(): string | null; groupId(): string | null }
  setAnonymousId(anonymousId: string): void
  /** Calls back once calls are taken: at once, but never before it returns. */
  ready(callback: () => void): void
  /** Tells of each event that ends so; returns a function that stops it. */
  on(fate: Fate, listener: Listener): () => void
  stats(): Stats
  /** `['track', 'name', …]`: the form of the stub's queue, taken at any time. */
  push(...calls: unknown[][]): void
  /** One console line an event, a request, a loss. */
  debug(on?: boolean): void
  readonly VERSION: string
}

interface Parts {
  /** Why nothing is taken, if so. */
  off: string | undefined
  identity: IdentityKeeper
  envelopes: Envelopes
  queue: Queue
  ledger: Ledger
  sender: Pick<Sender, 'wake' | 'flush'>
  clock: Clock
  log(...line: unknown[]): void
}

/** What each event call does: its arguments, and the event they make. */
export const createCalls = ({ off, identity, envelopes, queue, ledger, sender, clock, log }: Parts) => {
  /** Makes the event, or finds why there is none. All that is fixed at the call is fixed here. */
  const record = async (type: EventType, said: Said, options?: unknown, problem?: string): Promise<Result> => {
    ledger.begin()
    const refuse = (status: 'rejected' | 'dropped', reason: string, messageId = ''): Result => {
      const result = { messageId, status, reason }
      ledger.end(result)
      return result
    }
    if (off) return refuse('dropped', off)
    if (problem) return refuse('rejected', problem)
    const { envelope, page } = envelopes.current(identity.read())
    const id = envelopes.nextId(envelope)
    let messageId = id
    let json: string
    try {
      const given = (options || {}) as Options
      messageId = given.messageId || id
      json = serialize(type, said, given, { messageId, page, now: clock.now() })
    } catch {
      return refuse('dropped', 'unserializable', id)
    }
    const bytes = utf8Bytes(json)
    if (bytes > EVENT_MAX_BYTES) return refuse('dropped', 'event_too_large', messageId)
    log(type, said.event || said.name || '', messageId)
    const result = queue.add({ id, messageId, envelope, json, bytes })
    sender.wake()
    return result
  }

  /** Takes a trailing callback off the arguments, and calls it once with the result. */
  const withCallback =
    (call: (...args: Arguments) => Promise<Result>) =>
    (...args: unknown[]): Promise<Result> => {
      const callback = args.find((arg): arg is Callback => typeof arg === 'function')
      const result = call(...args.filter((arg) => typeof arg !== 'function'))
      if (callback) result.then((value) => queueMicrotask(() => callback(value)))
      return result
    }

  const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null

  return {
    identify: withCallback((...args) => {
      const [userId, traits, options] = isObject(args[0]) ? [undefined, ...args] : args
      const id = toId(userId)
      const problem = userId != null && !id ? 'invalid_user_id' : undefined
      if (id && !off) identity.setUser(id, isObject(options) ? String(options.signature || '') : undefined)
      return record('identify', { traits }, options, problem)
    }),

    track: withCallback((event, properties, options) =>
      record('track', { event, properties }, options, event ? undefined : 'missing_event'),
    ),

    page: withCallback((...args) => {
      const [name, category] = args.filter((arg) => typeof arg === 'string').reverse()
      // Four arguments stand where they belong; fewer may have any left out before them.
      const [properties, options] = args[3] ? [args[2], args[3]] : args.filter(isObject)
      return record('page', { name, category, properties: properties as object | undefined }, options)
    }),

    group: withCallback((groupId, traits, options) => {
      const id = toId(groupId)
      if (id && !off) identity.setGroup(id)
      return record('group', { groupId: id, traits }, options, id ? undefined : 'missing_group_id')
    }),

    reset: identity.reset,
    flush: ({ timeoutMs }: { timeoutMs?: number } = {}) => sender.flush(timeoutMs),
    user: () => ({
      id: () => identity.read().userId ?? null,
      anonymousId: () => identity.read().anonymousId,
      groupId: () => identity.read().groupId ?? null,
    }),
    setAnonymousId(anonymousId: string) {
      const id = toId(anonymousId)
      if (id) identity.setAnonymousId(id)
    },
    ready: (callback: () => void) => queueMicrotask(callback),
    on: ledger.on,
    stats: ledger.stats,
  }
}
