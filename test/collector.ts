import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { type Airhop, type AirhopOptions, createAirhop } from '../src/index.ts'
import type { Envelope, WireEvent } from '../src/wire.ts'

/** An event as the server sees it: its own fields over those of its envelope. */
export type SeenEvent = Omit<WireEvent, 'context' | 'properties' | 'traits'> & {
  anonymousId: string
  signature?: string
  context: Record<string, any>
  properties?: any
  traits?: any
}

export interface SeenRequest {
  text: string
  contentType: string | null
  keepalive: boolean
  envelopes: Envelope[]
  events: SeenEvent[]
}

/** What the server says to a request; nothing: that it took all of it. */
export type Answer = (request: SeenRequest) => Response | undefined | Promise<Response | undefined>

export const HOST = 'https://ingest.test'
export const URL_OF_BATCH = `${HOST}/ingest/v1/batch`

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Expose-Headers': 'Retry-After',
}

export const say = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Response =>
  HttpResponse.json(body as object, { status, headers: { ...CORS, ...headers } })

/** The server's verdict on each event of a request: `codes` by messageId are refusals, the rest is taken. */
export const verdict = ({ events }: SeenRequest, codes: Record<string, string> = {}): Response => {
  const errors = events.flatMap(({ messageId }, index) =>
    codes[messageId] ? [{ index, messageId, code: codes[messageId], message: 'A sentence.' }] : [],
  )
  const received = events.length
  return say(200, { received, accepted: received - errors.length, rejected: errors.length, errors })
}

const isJson = (text: string): boolean => {
  try {
    return Boolean(JSON.parse(text))
  } catch {
    return false
  }
}

/** What a beacon or a request holds. */
export const readBody = (text: string): Pick<SeenRequest, 'envelopes' | 'events'> => {
  const envelopes: Envelope[] = [JSON.parse(text)].flat()
  const events = envelopes.flatMap(({ anonymousId, userId, groupId, signature, context, batch }) =>
    batch.map((event) => {
      const shared = {
        anonymousId,
        ...(userId && { userId }),
        ...(groupId && { groupId }),
        ...(signature && { signature }),
      }
      return { ...shared, ...event, context: { ...context, ...event.context } } as SeenEvent
    }),
  )
  return { envelopes, events }
}

/** A server in place of the network, for the tests of one file. It is new for each test, as the browser is. */
export const useCollector = () => {
  const requests: SeenRequest[] = []
  const taken: SeenEvent[] = []
  const collector = {
    /** Every request, whatever it was answered. */
    requests,
    /** The events of those requests that were answered with 200 by default or by `verdict`. */
    taken,
    answer: (() => undefined) as Answer,
    /** Resolves with the events that came, once there are so many. */
    events: (count: number): Promise<SeenEvent[]> =>
      vi.waitFor(() => {
        const events = requests.flatMap((request) => request.events)
        if (events.length < count) throw new Error(`${events.length} events came, not ${count}`)
        return events
      }, 15_000),
  }
  const server = setupServer(
    http.options(URL_OF_BATCH, () => new HttpResponse(null, { status: 204, headers: CORS })),
    http.post(URL_OF_BATCH, async ({ request }) => {
      const text = await request.text()
      if (!isJson(text)) return say(400, { error: { code: 'invalid_json', message: 'A sentence.' } })
      const seen = {
        text,
        contentType: request.headers.get('Content-Type'),
        keepalive: request.keepalive,
        ...readBody(text),
      }
      requests.push(seen)
      const said = await collector.answer(seen)
      if (said) return said
      taken.push(...seen.events)
      return verdict(seen)
    }),
  )

  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterAll(() => server.close())
  beforeEach(() => {
    requests.length = 0
    taken.length = 0
    collector.answer = () => undefined
    localStorage.clear()
    history.replaceState(null, '', '/')
    document.title = ''
    document.head.innerHTML = ''
    noteListeners(globalThis as unknown as EventTarget)
    noteListeners(document)
    // Waits that are drawn by lot are short: 1 % of what they may be.
    const random = Math.random
    vi.spyOn(Math, 'random').mockImplementation(() => random() / 100)
  })
  afterEach(() => {
    closePage()
    vi.restoreAllMocks()
    vi.useRealTimers()
  })
  return collector
}

let keys = 0
/** A write key that no other test of the file has used. */
export const newKey = () => `wk_test_${`${++keys}`.padStart(6, '0')}`

export const openPage = (options: Partial<AirhopOptions> = {}): Airhop =>
  createAirhop({ key: newKey(), host: HOST, flushMs: 20, ...options })

const listening: (() => void)[] = []
const noteListeners = (target: EventTarget) => {
  const add = target.addEventListener.bind(target)
  vi.spyOn(target, 'addEventListener').mockImplementation((type, listener, options) => {
    add(type, listener, options)
    listening.push(() => target.removeEventListener(type, listener, options))
  })
}

/**
 * The page's process ends: what is created afterwards with the same key is the next page's instance. Its beacon is lost,
 * so that only what the journal holds is left.
 */
export const closePage = () => {
  if (!vi.isMockFunction(navigator.sendBeacon)) vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true)
  dispatchEvent(new Event('pagehide'))
  for (const stop of listening.splice(0)) stop()
  delete (window as { __airhop?: unknown }).__airhop
}

/** The names of what this browser keeps of events for a key. */
export const keptKeys = (key: string): string[] =>
  Object.keys(localStorage)
    .filter((name) => name.startsWith(`airhop.${key.slice(-6)}.q.`))
    .sort()

/** The events that this browser keeps for a key, as JSON. */
export const kept = (key: string): string[] =>
  keptKeys(key).flatMap((name) => readBody(localStorage.getItem(name)!).events.map((event) => JSON.stringify(event)))
