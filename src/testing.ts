/** `airhop/testing`: what a team needs to test its own tracking, in Vitest, Jest and Playwright. */
import { type Airhop, createCalls } from './calls.ts'
import type { Consent } from './consent.ts'
import type { Entry } from './entry.ts'
import { openEnvelopes } from './envelope.ts'
import { type EventPattern, findEvent, missing, patternOf, unexpected } from './expectation.ts'
import { openIdentity } from './identity.ts'
import type { Open, PlanOf } from './plan.ts'
import { openQueue } from './queue.ts'
import { type ReceivedEvent, readEvents } from './received.ts'
import { replay } from './replay.ts'
import { uuid } from './uuid.ts'
import { VERSION } from './version.ts'

export type { EventPattern, ReceivedEvent }

/** Airhop's calls, and what was called. */
export interface TestAirhop<Plan = Open> extends Airhop<Plan> {
  /** All that was taken, oldest first, as the server would have it. What was refused is not among it. */
  readonly events: ReceivedEvent[]
  /**
   * The first event that is so; throws when there is none, and says what there is. `properties` may leave some out, and
   * have matchers such as `expect.any(String)` in them.
   */
  expectEvent(event: keyof Plan & string, properties?: object | null): ReceivedEvent
  /** Any event by its fields: `{ type: 'identify', userId: 'u_1', traits: { plan: 'pro' } }`. */
  expectEvent(event: EventPattern): ReceivedEvent
  /** Throws when there is such an event. Without arguments: when there is any. */
  expectNoEvent(event?: (keyof Plan & string) | EventPattern, properties?: object | null): void
  /** As new: no events, nobody identified. For one that is shared by tests. */
  clear(): void
}

export interface TestOptions {
  /** `pending`: calls wait until `optIn()`, `denied`: nothing is taken. granted */
  consent?: Consent
}

/**
 * The calls of airhop in memory: the same code down to the queue, so the same refusals, ids, callbacks and results. What
 * is taken is `stored` at once. No network, no storage, no timer; also where there is no document.
 */
export const createTestAirhop = <Plan extends PlanOf<Plan> = Open>({
  consent: first = 'granted',
}: TestOptions = {}): TestAirhop<Plan> => {
  provideTextEncoder()
  const events: ReceivedEvent[] = []
  const refused: string[] = []
  let debug = false
  let state = first

  const log = (...line: unknown[]) => debug && console.debug('airhop:', ...line)
  const consent = {
    now: () => state,
    set(next: Consent) {
      state = next
    },
  }
  // As while consent is pending: in memory alone.
  const identity = openIdentity('', { ...consent, now: () => (state === 'denied' ? 'denied' : 'pending') })
  const queue = openQueue({ put() {}, remove() {}, save() {}, list: () => [] }, log)
  for (const fate of ['rejected', 'dropped'] as const) queue.on(fate, ({ reason }) => refused.push(`${reason}`))

  const send = () => {
    for (const entry of queue.own()) {
      if (state === 'denied') queue.settle(entry, 'dropped', 'opted_out')
      else if (state === 'granted') {
        events.push(...readEvents(`${entry.head},"batch":[${entry.json}]}`))
        queue.settle(entry, 'stored')
      }
    }
  }
  const sender = {
    add(entry: Entry) {
      queue.add(entry)
      send()
    },
    flush: async () => queue.own().length,
  }
  const envelopeNow = typeof document === 'undefined' ? openWithoutPage() : openEnvelopes(KEY)

  const airhop = {
    ...createCalls({ off: undefined, consent, identity, envelopeNow, queue, sender, enter: send, log }),
    debug(on = true) {
      debug = on
    },
    push: (...queued) => replay(airhop, queued, log),
    VERSION,
    events,
    expectEvent(event, properties) {
      const pattern = patternOf(event, properties)
      const found = findEvent(events, pattern)
      if (!found) throw missing(events, pattern, refused)
      return found
    },
    expectNoEvent(event = {}, properties) {
      const found = findEvent(events, patternOf(event, properties))
      if (found) throw unexpected(events, found)
    },
    clear() {
      // Held until consent is given: it would come in the next test.
      for (const entry of queue.own()) queue.settle(entry, 'dropped', 'cleared')
      events.length = refused.length = 0
      state = first
      if (state !== 'denied') identity.reset()
    },
  } as TestAirhop as TestAirhop<Plan>
  return airhop
}

const KEY = 'wk_test'

/** Where there is no page to tell of. */
const openWithoutPage = (): ReturnType<typeof openEnvelopes> => {
  const page = { url: 'http://localhost/', path: '/', referrer: '', search: '', title: '' }
  return (who) => {
    const context = { page, library: { name: 'airhop', version: VERSION } }
    return { id: uuid(), head: JSON.stringify({ writeKey: KEY, ...who, context }).slice(0, -1), page }
  }
}

/** Every browser and Node have it; jsdom, as Jest sets it up, has not: https://github.com/jsdom/jsdom/issues/2524 */
const provideTextEncoder = () => {
  globalThis.TextEncoder ||= class {
    readonly encoding = 'utf-8'
    encode(text = '') {
      return Uint8Array.from(unescape(encodeURIComponent(text)), (char) => char.charCodeAt(0))
    }
  } as typeof TextEncoder
}

/** What is needed of Playwright's `Page` or `BrowserContext`. */
export interface Routed {
  route(url: RegExp, handler: (route: Route) => Promise<void>): Promise<unknown>
  exposeFunction(name: string, listener: (body: string) => void): Promise<unknown>
  addInitScript(script: string): Promise<unknown>
  evaluate?(script: string): Promise<unknown>
  /** Of a context. */
  pages?(): { evaluate(script: string): Promise<unknown> }[]
}

interface Route {
  request(): { method(): string; postData(): string | null }
  fulfill(answer: { status: number; headers: Record<string, string>; body: string }): Promise<void>
}

/** What a page sends, in place of the server. */
export interface CollectedEvents {
  /** All that came, oldest first, each id once. */
  readonly events: ReceivedEvent[]
  /** Waits for the first event that is so; rejects when none has come in time, and says what did. */
  expectEvent(event: string, properties?: object | null, options?: { timeoutMs?: number }): Promise<ReceivedEvent>
  expectEvent(event: EventPattern, properties?: null, options?: { timeoutMs?: number }): Promise<ReceivedEvent>
  /** Has the page, or every page of the context, send what waits, then rejects when there is such an event. */
  expectNoEvent(event?: string | EventPattern, properties?: object | null): Promise<void>
}

/** How long an event may take to come; airhop waits for at most 2,000 ms, or `flushMs`. */
const COLLECT_TIMEOUT_MS = 5000

/** What is held for consent stays where it is: that is waited for no longer than a request may take here. */
const FLUSH = 'Promise.all(Object.values(window.__airhop || {}).map((airhop) => airhop.flush({ timeoutMs: 3000 })))'

const BATCH_URL = /\/ingest\/v1\/batch(\?|$)/

/**
 * Playwright sees no request of a page that leaves: Chromium gives its DevTools session to the next page before. So what
 * waits is sent while the page is still there, and what is in a beacon is handed over by the next page of the same origin.
 */
const LEAVING = `try {
  const KEY = '__airhopBeacons'
  const left = JSON.parse(sessionStorage[KEY] || '[]')
  delete sessionStorage[KEY]
  for (const body of left) __airhopBeacon(body)
  const send = navigator.sendBeacon.bind(navigator)
  navigator.sendBeacon = (url, body) => {
    if (!${BATCH_URL}.test(url)) return send(url, body)
    sessionStorage[KEY] = JSON.stringify([...JSON.parse(sessionStorage[KEY] || '[]'), body])
    return true
  }
  addEventListener('beforeunload', () => {
    for (const airhop of Object.values(window.__airhop || {})) airhop.flush()
  })
} catch {
  // No storage in this document: a data: URL, a sandboxed frame.
}`

/**
 * Takes the place of the ingest API for a Playwright page or context: answers as the server does, and keeps what came.
 * Call it before `page.goto`. Not seen: what is called while the page leaves for another origin, or is closed.
 */
export const collectEvents = async (page: Routed): Promise<CollectedEvents> => {
  const events: ReceivedEvent[] = []
  const checks = new Set<() => void>()

  /** How many came. Throws on what is no batch. */
  const take = (body: string): number => {
    const came = readEvents(body)
    for (const event of came) if (!events.some(({ messageId }) => messageId === event.messageId)) events.push(event)
    for (const check of checks) check()
    return came.length
  }

  await page.exposeFunction('__airhopBeacon', take)
  await page.addInitScript(LEAVING)
  await page.route(BATCH_URL, async (route) => {
    const request = route.request()
    const answer = (status: number, body: unknown) =>
      route.fulfill({
        status,
        headers: {
          'access-control-allow-origin': '*',
          'access-control-allow-headers': '*',
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      })
    if (request.method() !== 'POST') return answer(200, {})
    try {
      const received = take(request.postData() ?? '')
      return answer(200, { received, accepted: received, rejected: 0 })
    } catch {
      return answer(400, { error: { code: 'invalid_json', message: 'The body is no batch of events.' } })
    }
  })

  return {
    events,
    expectEvent: (event, properties, { timeoutMs = COLLECT_TIMEOUT_MS } = {}) =>
      new Promise((resolve, reject) => {
        const pattern = patternOf(event, properties)
        const end = () => {
          clearTimeout(timer)
          checks.delete(check)
        }
        const check = () => {
          const found = findEvent(events, pattern)
          if (!found) return
          end()
          resolve(found)
        }
        const timer = setTimeout(() => {
          end()
          reject(missing(events, pattern))
        }, timeoutMs)
        checks.add(check)
        check()
      }),
    async expectNoEvent(event = {}, properties) {
      await Promise.all((page.pages?.() ?? [page]).map((one) => one.evaluate?.(FLUSH)))
      const found = findEvent(events, patternOf(event, properties))
      if (found) throw unexpected(events, found)
    },
  }
}
