import { type Airhop, createCalls } from './calls.ts'
import { type Consent, openConsent } from './consent.ts'
import { openEnvelopes } from './envelope.ts'
import type { Extension } from './extension.ts'
import { openIdentity } from './identity.ts'
import { openJournal } from './journal.ts'
import { watchLifecycle } from './lifecycle.ts'
import { FLUSH_MS } from './limits.ts'
import type { Open, PlanOf } from './plan.ts'
import { openQueue } from './queue.ts'
import { replay } from './replay.ts'
import { createSender } from './sender.ts'
import { attempt } from './storage.ts'
import { VERSION } from './version.ts'

export interface AirhopOptions {
  /** Write key, `wk_…`: public, it can only write. Found where airhop-ingest starts, and on its page. */
  key: string
  /** Origin of the ingest API, with a path prefix if need be; `/ingest/v1/batch` is appended. `https://app.airhop.ai` */
  host?: string
  /** Longest wait of an event in ms while the page is visible; one after a pause that long goes at once. 2000 */
  flushMs?: number
  /** `pending`: nothing is kept or sent until `optIn()`; what is called meanwhile waits in memory. granted */
  consent?: Consent
  /** Global Privacy Control of the browser: `deny` starts opted out, `ignore` doesn't look at it. deny */
  gpc?: 'deny' | 'ignore'
  /** What not everybody needs: `autoPage()`, `sharedId()`. */
  use?: Extension[]
  /** One console line an event, a request, a loss. */
  debug?: boolean
}

export const DEFAULT_HOST = 'https://app.airhop.ai'

/**
 * The instance of a write key: the same one for the same key, whoever asks. Where there is no document (Node, SSR) or
 * the key is no write key (one console error), it takes calls and does nothing.
 * @typeParam Plan Properties by event name, of JSON values; then nothing else compiles:
 * `createAirhop<{ project_created: { projectId: string }; signed_out: Record<string, never> }>({ key })`
 */
export const createAirhop: <Plan extends PlanOf<Plan> = Open>(options: AirhopOptions) => Airhop<Plan> = <Plan>(
  // Only types say that there are some.
  options = {} as AirhopOptions,
) => {
  if (typeof document === 'undefined') return open(options, 'no_document') as Airhop<Plan>
  const page = window as { __airhop?: Record<string, Airhop> }
  // In one place for every copy of this file on the page.
  page.__airhop ||= {}
  const instances = page.__airhop
  instances[options.key] ||= open(options, problemOf(options))
  return instances[options.key] as Airhop<Plan>
}

/** Not declared for all: it would be in the way of a program that declares it otherwise. */
interface Signals {
  /** Global Privacy Control, https://www.w3.org/TR/gpc/ */
  readonly globalPrivacyControl?: boolean
}

// A page may have put its own in its place, one that throws in tests: sending goes on.
const complain = (sentence: string) => attempt(() => console.error(`airhop: ${sentence}.`))

const problemOf = ({ key, host = DEFAULT_HOST }: AirhopOptions): string | undefined => {
  if (!/^wk_./.test(key)) {
    complain(`data-key "${key}" is no write key: airhop-ingest shows it, wk_…`)
    return 'invalid_key'
  }
  if (!/^https?:\/\/./.test(host)) {
    complain(`data-host "${host}" is no address: https://…`)
    return 'invalid_host'
  }
  return
}

/** `off`: why it takes calls and does nothing, if so. */
export const open = (
  { key, host = DEFAULT_HOST, flushMs = FLUSH_MS, debug, consent: asked = 'granted', gpc, use = [] }: AirhopOptions,
  off: string | undefined,
): Airhop => {
  const log = (...line: unknown[]) => debug && attempt(() => console.debug('airhop:', ...line))
  const prefix = `airhop.${`${key}`.slice(-6)}.`
  const consent = off
    ? { now: () => 'denied' as const, set() {} }
    : openConsent(
        `${prefix}consent`,
        gpc !== 'ignore' && (navigator as Signals).globalPrivacyControl ? 'denied' : asked,
      )
  const identity = openIdentity(`${prefix}id`, consent)
  const journal = openJournal(prefix)
  const queue = openQueue(journal, log)
  const url = `${`${host}`.replace(/\/$/, '')}/ingest/v1/batch`
  const sender = createSender({ url, flushMs, consent, queue, journal, prefix, log, complain })
  const enter = () => {
    // The page's first access to storage may not be when it goes: Firefox throws there.
    identity.now()
    sender.enter()
  }
  const airhop: Airhop = {
    ...createCalls({ off, consent, identity, envelopeNow: openEnvelopes(key), queue, sender, enter, log }),
    debug(on = true) {
      debug = on
    },
    push: (...queued) => replay(methods, queued, log),
    VERSION,
  }
  // As they are now: Segment's snippet puts its stubs, which push, over those of an airhop.js that was there before it.
  const methods = { ...airhop }
  if (!off) {
    // Before the sender, so that what they tell of when the page goes still goes with it.
    for (const extend of use) extend({ airhop, identity, prefix })
    watchLifecycle({ ...sender, enter })
    enter()
  }
  return airhop
}
