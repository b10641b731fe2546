import { type Airhop, createCalls } from './calls.ts'
import { systemClock as clock } from './clock.ts'
import { openEnvelopes } from './envelope.ts'
import { openIdentity } from './identity.ts'
import { openJournal } from './journal.ts'
import { watchLifecycle } from './lifecycle.ts'
import { FLUSH_MS } from './limits.ts'
import { openQueue } from './queue.ts'
import { createSender } from './sender.ts'
import { VERSION } from './version.ts'

export interface AirhopOptions {
  /** Write key, `wk_…`: public, it can only write. Found where airhop-ingest starts, and on its page. */
  key: string
  /** Origin of the ingest API, with a path prefix if need be; `/ingest/v1/batch` is appended. `https://app.airhop.ai` */
  host?: string
  /** Longest wait of an event in ms while the page is visible; one after a pause that long goes at once. 2000 */
  flushMs?: number
  /** One console line an event, a request, a loss. */
  debug?: boolean
}

/** The calls by name, as the stub's queue holds them. */
export type Methods = Record<string, ((...args: unknown[]) => unknown) | undefined>

export const DEFAULT_HOST = 'https://app.airhop.ai'

/**
 * The instance of a write key: the same one for the same key, whoever asks. Where there is no document (Node, SSR) or
 * the key is no write key (one console error), it takes calls and does nothing.
 */
export const createAirhop = ({ key, host = DEFAULT_HOST, flushMs = FLUSH_MS, debug }: AirhopOptions): Airhop => {
  const instances = sharedInstances()
  if (instances[key]) return instances[key]

  let debugging = debug
  const log = (...line: unknown[]) => debugging && console.debug('airhop:', ...line)
  const complain = (sentence: string) => console.error(`airhop: ${sentence}.`)
  const off = typeof document === 'undefined' ? 'no_document' : problemOf(key, host, complain)

  const prefix = `airhop.${`${key}`.slice(-6)}.`
  const url = `${`${host}`.replace(/\/$/, '')}/ingest/v1/batch`
  const identity = openIdentity(off ? undefined : `${prefix}id`, clock)
  const journal = openJournal(prefix)
  const queue = openQueue(journal, log)
  const sender = createSender({ url, flushMs, queue, journal, clock, prefix, log, complain })
  const airhop: Airhop = {
    ...createCalls({ off, identity, envelopeNow: openEnvelopes(key, clock), queue, sender, clock, log }),
    debug(on = true) {
      debugging = on
    },
    push(...queued) {
      for (const call of queued) {
        const [method, ...args] = call
        const value = methods[method as string]?.(...args)
        // The stub's calls carry `r`, which resolves the promise that their caller holds.
        call.r?.(value)
      }
    },
    VERSION,
  }
  const methods = airhop as unknown as Methods
  if (!off) {
    // The page's first access to storage may not be when it goes: Firefox throws there.
    identity.now()
    watchLifecycle(sender)
    instances[key] = airhop
  }
  return airhop
}

/** By key, in one place for every copy of this file on the page. */
const sharedInstances = (): Record<string, Airhop> => {
  try {
    const shared = window as { __airhop?: Record<string, Airhop> }
    shared.__airhop ??= {}
    return shared.__airhop
  } catch {
    // No window, or a frozen one: each call makes an instance of its own.
    return {}
  }
}

const problemOf = (key: string, host: string, complain: (sentence: string) => void): string | undefined => {
  if (!/^wk_./.test(key)) {
    complain(`data-key is ${key ? `"${key}"` : 'missing'}: it must be the write key, wk_…, that airhop-ingest shows`)
    return 'invalid_key'
  }
  if (!/^https?:\/\/./.test(host)) {
    complain(`data-host is "${host}": it must be the address of airhop-ingest, https://…`)
    return 'invalid_host'
  }
  return
}
