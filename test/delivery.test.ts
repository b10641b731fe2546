import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Airhop } from '../src/index.ts'
import {
  closePage,
  HOST,
  kept,
  keptKeys,
  newKey,
  openPage,
  readBody,
  type SeenRequest,
  say,
  URL_OF_BATCH,
  useCollector,
  verdict,
} from './collector.ts'
import { openBrowser } from './tabs.ts'

const collector = useCollector()
const names = (events: { event?: string }[]) => events.map(({ event }) => event)
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 })
const trackMany = (airhop: Airhop, count: number, properties = {}) =>
  Promise.all(Array.from({ length: count }, (_, n) => airhop.track(`e${n}`, properties)))
const sum = ({ stats }: Airhop) => {
  const { delivered, rejected, dropped, pending } = stats()
  return delivered + rejected + pending + Object.values(dropped).reduce((total, n) => total + n, 0)
}
/** The bodies of the beacons that the browser takes: those of at most 64 KiB, by the specification. */
const spyBeacon = (result = true) => {
  const bodies: string[] = []
  vi.spyOn(navigator, 'sendBeacon').mockImplementation((url, body) => {
    expect(url).toBe(URL_OF_BATCH)
    const taken = new TextEncoder().encode(body as string).length <= 64 * 1024
    if (taken) bodies.push(body as string)
    return taken && result
  })
  return bodies
}

/** An answer that comes when the test says so. */
const hold = () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  collector.answer = async () => void (await held)
  return () => {
    collector.answer = () => undefined
    release()
  }
}

/** A server that refuses every request with an event of this name. */
const poisoned = (status: number) => (request: SeenRequest) =>
  request.events.some(({ event }) => event?.startsWith('poison')) ? say(status) : undefined

/** From now on it is so much later, for this page and those after it. */
const later = (ms: number) => {
  const now = Date.now() + ms
  vi.useFakeTimers({ toFake: ['Date'], now, shouldAdvanceTime: true })
}

/** A page whose timers go when the test says so, and the names of the events of each request it makes. */
const openTimedPage = (flushMs: number) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  onTestFinished(() => void vi.unstubAllGlobals())
  const sent: unknown[] = []
  const { open, answer } = openBrowser({ flushMs }, (events) => sent.push(names(events)))
  return { airhop: open().airhop, answer, sent }
}

describe('an event', () => {
  test('is in localStorage when the task that made it ends, stays until it is answered for, and is gone afterwards', async () => {
    const key = newKey()
    const release = hold()
    const airhop = openPage({ key })
    const result = airhop.track('x', { n: 1 })
    await Promise.resolve()
    expect(kept(key)).toEqual([expect.stringContaining('"n":1')])
    await until(() => expect(collector.requests).toHaveLength(1))
    expect(kept(key)).toHaveLength(1)
    expect(airhop.stats()).toMatchObject({ tracked: 1, pending: 1 })
    release()
    expect(await result).toMatchObject({ status: 'stored' })
    expect(kept(key)).toEqual([])
    expect(JSON.stringify({ ...localStorage })).not.toContain('"n":1')
  })

  test('goes in the next task, with those of the same one; later ones wait for flushMs and travel together', async () => {
    const { airhop, answer, sent } = openTimedPage(150)
    airhop.track('a')
    airhop.track('b')
    expect(sent).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(sent).toEqual([['a', 'b']])
    await answer(200)
    airhop.track('c')
    await vi.advanceTimersByTimeAsync(100)
    airhop.track('d')
    await vi.advanceTimersByTimeAsync(49)
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  test('waits flushMs from its call, not from the request before, so that steady calls make fewer requests', async () => {
    const { airhop, answer, sent } = openTimedPage(150)
    airhop.track('a')
    await vi.advanceTimersByTimeAsync(0)
    await answer(200)
    await vi.advanceTimersByTimeAsync(140)
    airhop.track('b')
    await vi.advanceTimersByTimeAsync(149)
    expect(sent).toEqual([['a']])
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual([['a'], ['b']])
  })

  test('that is made while a request is under way waits flushMs too, and no longer than for its answer after that', async () => {
    const { airhop, answer, sent } = openTimedPage(150)
    airhop.track('a')
    await vi.advanceTimersByTimeAsync(50)
    airhop.track('b')
    await vi.advanceTimersByTimeAsync(50)
    await answer(200)
    await vi.advanceTimersByTimeAsync(99)
    expect(sent).toEqual([['a']])
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual([['a'], ['b']])
    airhop.track('c')
    await vi.advanceTimersByTimeAsync(1000)
    expect(sent).toEqual([['a'], ['b']])
    await answer(200)
    expect(sent).toEqual([['a'], ['b'], ['c']])
  })

  test('that is made while a try is under way goes with the next try, and does not wait for what was set aside for this one', async () => {
    const { airhop, answer, sent } = openTimedPage(150)
    airhop.track('a')
    await vi.advanceTimersByTimeAsync(0)
    await answer(503)
    await vi.advanceTimersByTimeAsync(2000)
    expect(sent).toEqual([['a'], ['a']])
    airhop.track('b')
    await answer(503)
    await vi.advanceTimersByTimeAsync(2500)
    expect(sent).toEqual([['a'], ['a'], ['a', 'b']])
  })

  test('is not hurried by the look at what earlier pages have left, when they have left nothing', async () => {
    const { airhop, answer, sent } = openTimedPage(10_000)
    airhop.track('a')
    await vi.advanceTimersByTimeAsync(0)
    await answer(200)
    airhop.track('b')
    await vi.advanceTimersByTimeAsync(9999)
    expect(sent).toEqual([['a']])
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual([['a'], ['b']])
  })

  test('is settled by the verdict on it, not by that on its batch', async () => {
    collector.answer = (request) => verdict(request, { m1: 'timestamp_invalid' })
    const key = newKey()
    const airhop = openPage({ key })
    const results = await Promise.all([0, 1, 2].map((n) => airhop.track(`e${n}`, {}, { messageId: `m${n}` })))
    expect(collector.requests).toHaveLength(1)
    expect(results).toMatchObject([
      { messageId: 'm0', status: 'stored' },
      { messageId: 'm1', status: 'rejected', reason: 'timestamp_invalid' },
      { messageId: 'm2', status: 'stored' },
    ])
    expect(airhop.stats()).toEqual({ tracked: 3, delivered: 2, rejected: 1, dropped: {}, pending: 0 })
    expect(kept(key)).toEqual([])
  })

  test('is settled by the verdict on it in a request of several envelopes', async () => {
    collector.answer = (request) => verdict(request, { m2: 'timestamp_invalid' })
    const airhop = openPage()
    const a = airhop.track('a', {}, { messageId: 'm1' })
    airhop.identify('u1', {}, { messageId: 'm2' })
    const c = airhop.track('c', {}, { messageId: 'm3' })
    expect([(await a).status, (await c).status]).toEqual(['stored', 'stored'])
    expect(airhop.stats()).toMatchObject({ delivered: 2, rejected: 1, pending: 0 })
    expect(collector.requests[0]!.envelopes.length).toBeGreaterThan(1)
  })

  test('keeps its place: events come in the order of their calls', async () => {
    let first = true
    collector.answer = () => {
      if (!first) return
      first = false
      return say(503)
    }
    const airhop = openPage()
    airhop.track('a')
    airhop.identify('u1')
    airhop.track('b')
    await until(() => expect(collector.requests).toHaveLength(1))
    airhop.page('c')
    airhop.track('d', { text: 'x'.repeat(20_000) })
    airhop.track('e', { text: 'x'.repeat(20_000) })
    airhop.track('f')
    await until(() => expect(collector.taken).toHaveLength(7))
    expect(collector.taken.map(({ event, name, type }) => event ?? name ?? type)).toEqual([
      'a',
      'identify',
      'b',
      'c',
      'd',
      'e',
      'f',
    ])
  })

  test('is delivered also where the page has a console that throws', async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {
      throw new Error('no lines in tests')
    })
    const airhop = openPage({ debug: true })
    expect(await airhop.track('a')).toMatchObject({ status: 'stored' })
    expect(await airhop.track('b', { n: 1n })).toMatchObject({ reason: 'unserializable' })
    expect(await airhop.track('c')).toMatchObject({ status: 'stored' })
  })

  test('has an id that no other has, and ids sort by time', async () => {
    const airhop = openPage()
    await trackMany(airhop, 50)
    const ids = collector.taken.map(({ messageId }) => messageId)
    expect(new Set(ids).size).toBe(50)
    expect([...ids].sort()).toEqual(ids)
  })
})

describe('one request', () => {
  test('is under way at a time', async () => {
    let open = 0
    let most = 0
    collector.answer = async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5))
      open--
      return undefined
    }
    const airhop = openPage({ flushMs: 1 })
    await Promise.all([trackMany(airhop, 12, { text: 'x'.repeat(12_000) }), airhop.flush(), airhop.flush()])
    expect(collector.taken).toHaveLength(12)
    expect(collector.requests.length).toBeGreaterThan(3)
    expect(most).toBe(1)
  })

  test('has at most 30,000 bytes', async () => {
    await trackMany(openPage(), 40, { text: 'é'.repeat(2000) })
    expect(collector.taken).toHaveLength(40)
    for (const { text } of collector.requests) expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(30_000)
  })
})

describe('a failure', () => {
  test.each([[500], [503], [429], [408], [502]])(
    'of %i is followed by the same events with the same ids',
    async (status) => {
      collector.answer = () => (collector.requests.length < 3 ? say(status) : undefined)
      const key = newKey()
      const airhop = openPage({ key })
      const results = [airhop.track('a'), airhop.track('b')]
      for (const result of results) expect(await result).toMatchObject({ status: 'saved' })
      expect(airhop.stats()).toMatchObject({ pending: 2 })
      expect(kept(key)).toHaveLength(2)
      await until(() => expect(airhop.stats()).toMatchObject({ delivered: 2, pending: 0 }))
      const ids = collector.requests.map(({ events }) => events.map(({ messageId }) => messageId))
      expect(ids).toEqual([ids[0], ids[0], ids[0]])
      expect(kept(key)).toEqual([])
    },
  )

  test('of the network is followed by the same', async () => {
    collector.answer = () => (collector.requests.length < 2 ? (Response.error() as Response) : undefined)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const airhop = openPage()
    airhop.track('a')
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 1, pending: 0 }))
    expect(collector.requests).toHaveLength(2)
    expect(errors.mock.calls.filter(([line]) => `${line}`.startsWith('airhop'))).toEqual([])
  })

  test.each([
    ['a page of HTML', () => new Response('<html>Sign in</html>', { headers: { 'Access-Control-Allow-Origin': '*' } })],
    ['JSON of another', () => say(200, { ok: true })],
    ['null', () => say(200, null)],
    ['an empty body', () => new Response('', { headers: { 'Access-Control-Allow-Origin': '*' } })],
    ['a received that is no number', () => say(200, { received: 'all' })],
    ['a received that is null', () => say(200, { received: null })],
  ])('is what a 200 with %s is: no acknowledgement', async (_what, answer) => {
    collector.answer = () => (collector.requests.length < 2 ? answer() : undefined)
    const key = newKey()
    const airhop = openPage({ key })
    expect(await airhop.track('a')).toMatchObject({ status: 'saved' })
    expect(kept(key)).toHaveLength(1)
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 1, pending: 0 }))
    expect(collector.requests).toHaveLength(2)
  })

  test('with Retry-After is obeyed by the next page too, and kept in localStorage until then', async () => {
    collector.answer = () => say(429, {}, { 'Retry-After': '60' })
    const key = newKey()
    const airhop = openPage({ key })
    expect(await airhop.track('a')).toMatchObject({ status: 'saved' })
    dispatchEvent(new Event('online'))
    expect(await airhop.flush({ timeoutMs: 50 })).toBe(1)
    closePage()

    collector.answer = () => undefined
    const next = openPage({ key })
    expect(await next.track('b')).toMatchObject({ status: 'saved' })
    dispatchEvent(new Event('online'))
    expect(await next.flush({ timeoutMs: 50 })).toBe(1)
    expect(collector.requests).toHaveLength(1)
    closePage()

    later(61_000)
    const last = openPage({ key })
    expect(await last.track('c')).toMatchObject({ status: 'stored' })
    await until(() => expect(names(collector.taken).sort()).toEqual(['a', 'b', 'c']))
    await until(() => expect(kept(key)).toEqual([]))
  })

  test('with a date in Retry-After is obeyed by another tab at once', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() })
    const key = newKey()
    const here = openPage({ key })
    delete (window as { __airhop?: unknown }).__airhop
    const there = openPage({ key })
    expect(await here.track('a')).toMatchObject({ status: 'saved' })
    expect(await there.track('b')).toMatchObject({ status: 'saved' })
    expect(await there.flush({ timeoutMs: 50 })).toBe(1)
    expect(collector.requests).toHaveLength(1)
  })
})

describe('a pause', () => {
  test('ends with a try of one tab out of sight at a time, and of one in sight whoever holds the lock', async () => {
    const { airhop, answer, sent } = openTimedPage(150)
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    let lock: object | null = null
    const locks = {
      request: async (_name: string, _options: unknown, task: (lock: object | null) => unknown) => task(lock),
    }
    vi.stubGlobal('navigator', { ...navigator, locks })
    airhop.track('a')
    await vi.advanceTimersByTimeAsync(0)
    await answer(503)
    await vi.advanceTimersByTimeAsync(9000)
    expect(sent).toEqual([['a']])
    lock = {}
    await vi.advanceTimersByTimeAsync(5000)
    expect(sent).toEqual([['a'], ['a']])
    lock = null
    hidden.mockReturnValue(false)
    await answer(503)
    await vi.advanceTimersByTimeAsync(2500)
    expect(sent).toEqual([['a'], ['a'], ['a']])
  })

  test('that the server wants longer is an hour', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '999999999' })
    const key = newKey()
    expect(await openPage({ key }).track('a')).toMatchObject({ status: 'saved' })
    delete (window as { __airhop?: unknown }).__airhop
    later(59 * 60_000)
    expect(await openPage({ key }).track('b')).toMatchObject({ status: 'saved' })
    expect(collector.requests).toHaveLength(1)
    collector.answer = () => undefined
    delete (window as { __airhop?: unknown }).__airhop
    later(2 * 60_000)
    expect(await openPage({ key }).track('c')).toMatchObject({ status: 'stored' })
    await until(() => expect(names(collector.taken)).toEqual(['c', 'a', 'b']))
  })

  test('that the server has asked for is not shortened by the failure of a request that another tab had under way', async () => {
    let fail = () => {}
    const failed = new Promise<void>((resolve) => {
      fail = resolve
    })
    collector.answer = async ({ events }) => {
      if (events[0]!.event === 'asked to wait') return say(429, {}, { 'Retry-After': '60' })
      await failed
      return say(503)
    }
    const key = newKey()
    const here = openPage({ key })
    delete (window as { __airhop?: unknown }).__airhop
    const there = openPage({ key })
    const underWay = there.track('under way')
    await until(() => expect(collector.requests).toHaveLength(1))
    expect(await here.track('asked to wait')).toMatchObject({ status: 'saved' })
    fail()
    expect(await underWay).toMatchObject({ status: 'saved' })
    collector.answer = () => undefined
    expect(await there.flush({ timeoutMs: 300 })).toBe(1)
    dispatchEvent(new Event('online'))
    expect(await here.flush({ timeoutMs: 50 })).toBe(1)
    expect(collector.requests).toHaveLength(2)
  })

  test.each([
    '',
    'x',
    ',',
    '1',
    'NaN,NaN,NaN',
    `${Date.now()},Infinity,Infinity`,
    `${Date.now()},-9e15,-1`,
    '{"ms":1}',
  ])('that was not written by us (%j) is over an hour later at most', async (text) => {
    const key = newKey()
    localStorage.setItem(`airhop.${key.slice(-6)}.pause`, text)
    later(61 * 60_000)
    expect(await openPage({ key }).track('x')).toMatchObject({ status: 'stored' })
  })
})

describe('a refusal', () => {
  test.each([[401], [403]])('of the key (%i) stops the sending, loses nothing and says so once', async (status) => {
    collector.answer = () => say(status)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const key = newKey()
    const airhop = openPage({ key })
    expect(await airhop.track('a')).toMatchObject({ status: 'saved' })
    expect(await airhop.track('b')).toMatchObject({ status: 'saved' })
    expect(await airhop.flush({ timeoutMs: 5000 })).toBe(2)
    dispatchEvent(new Event('online'))
    expect(await airhop.flush({ timeoutMs: 5000 })).toBe(2)
    expect(collector.requests).toHaveLength(1)
    const lines = errors.mock.calls.map(([line]) => `${line}`).filter((line) => line.startsWith('airhop'))
    expect(lines).toEqual([expect.stringContaining(`${status}`)])
    expect(kept(key)).toHaveLength(2)
    expect(airhop.stats()).toEqual({ tracked: 2, delivered: 0, rejected: 0, dropped: {}, pending: 2 })
  })

  test('with 413 halves the batch until it passes', async () => {
    collector.answer = ({ events }) => (events.length > 2 ? say(413) : undefined)
    const airhop = openPage()
    const results = await trackMany(airhop, 8)
    expect(results.every(({ status }) => status === 'stored')).toBe(true)
    expect(collector.requests.slice(0, 3).map(({ events }) => events.length)).toEqual([8, 4, 2])
    expect(names(collector.taken)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'])
  })

  test.each([
    [400, 0],
    [400, 3],
    [400, 7],
    [422, 2],
    [413, 4],
  ])('with %i for the event at place %i costs that event only', async (status, place) => {
    collector.answer = poisoned(status)
    const key = newKey()
    const airhop = openPage({ key })
    const results = Array.from({ length: 8 }, (_, n) => airhop.track(n === place ? 'poison' : `e${n}`))
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 7, rejected: 1, pending: 0, dropped: {} }))
    expect(names(collector.taken)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].filter((n) => n !== place).map((n) => `e${n}`))
    expect(kept(key)).toEqual([])
    const statuses = (await Promise.all(results)).map((result) => result.status)
    expect(statuses.filter((_, n) => n !== place)).toEqual(Array(7).fill('stored'))
  })

  test('of several events costs those only, also when they are the first', async () => {
    collector.answer = poisoned(400)
    const airhop = openPage()
    for (let n = 0; n < 4; n++) airhop.track(`poison ${n}`)
    for (let n = 0; n < 4; n++) airhop.track(`e${n}`)
    await until(() => expect(collector.taken).toHaveLength(4))
    await until(() =>
      expect(airhop.stats()).toEqual({ tracked: 8, delivered: 4, rejected: 4, dropped: {}, pending: 0 }),
    )
    expect(names(collector.taken)).toEqual(['e0', 'e1', 'e2', 'e3'])
  })

  test('of everything loses nothing, is told once, and ends when the server is well again', async () => {
    collector.answer = () => say(400)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const key = newKey()
    const airhop = openPage({ key })
    const lines = () => errors.mock.calls.filter(([line]) => `${line}`.startsWith('airhop'))
    const results = await trackMany(airhop, 6)
    expect(results.map(({ status }) => status)).toEqual(Array(6).fill('saved'))
    await until(() => expect(lines()).toHaveLength(1))
    await until(() => expect(collector.requests.length).toBeGreaterThan(12))
    expect(kept(key)).toHaveLength(6)
    expect(airhop.stats()).toEqual({ tracked: 6, delivered: 0, rejected: 0, dropped: {}, pending: 6 })
    expect(lines()).toHaveLength(1)
    collector.answer = () => undefined
    await until(() =>
      expect(airhop.stats()).toEqual({ tracked: 6, delivered: 6, rejected: 0, dropped: {}, pending: 0 }),
    )
    expect(names(collector.taken)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5'])
  })

  test('of everything is told also when an ordinary failure came before it', async () => {
    let requests = 0
    collector.answer = () => say(requests++ < 2 ? 503 : 400)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const airhop = openPage()
    await trackMany(airhop, 3)
    await until(() =>
      expect(errors.mock.calls.filter(([line]) => `${line}`.includes('everything refused (400)'))).toHaveLength(1),
    )
    expect(airhop.stats()).toMatchObject({ tracked: 3, pending: 3 })
  })

  test('of everything loses nothing either when it follows a refusal after which some have passed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let deployed = false
    collector.answer = ({ events }) => {
      if (deployed) return say(400)
      if (events.length > 4) return say(413)
      deployed = true
      return undefined
    }
    const airhop = openPage()
    await trackMany(airhop, 8)
    await until(() => expect(collector.requests.length).toBeGreaterThan(25))
    expect(airhop.stats()).toEqual({ tracked: 8, delivered: 4, rejected: 0, dropped: {}, pending: 4 })
    collector.answer = () => undefined
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 8, pending: 0 }))
  })

  test('of everything ends nothing where the page has a console that throws', async () => {
    collector.answer = () => say(400)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {
      throw new Error('no errors in tests')
    })
    const airhop = openPage()
    await trackMany(airhop, 3)
    await until(() => expect(errors).toHaveBeenCalled())
    collector.answer = () => undefined
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 3, pending: 0 }))
  })

  test('of the only event there is does not lose it', async () => {
    collector.answer = () => say(400)
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const key = newKey()
    const airhop = openPage({ key })
    expect(await airhop.track('only')).toMatchObject({ status: 'saved' })
    expect(kept(key)).toHaveLength(1)
    expect(airhop.stats()).toEqual({ tracked: 1, delivered: 0, rejected: 0, dropped: {}, pending: 1 })
  })
})

describe('events of an earlier page', () => {
  const leaveBehind = async (key: string, ...events: string[]) => {
    collector.answer = () => say(503)
    const airhop = openPage({ key })
    const results = await Promise.all(events.map((event) => airhop.track(event)))
    expect(results.every(({ status }) => status === 'saved')).toBe(true)
    closePage()
    expect(kept(key)).toHaveLength(events.length)
    const ids = collector.requests.at(-1)!.events.map(({ messageId }) => messageId)
    collector.requests.length = 0
    collector.answer = () => undefined
    return ids
  }

  test('are sent by the next, with their ids, their identity and their order', async () => {
    const key = newKey()
    const ids = await leaveBehind(key, 'a', 'b', 'c')
    later(11_000)
    const next = openPage({ key })
    const anonymousId = next.user().anonymousId()
    next.reset()
    await until(() => expect(kept(key)).toEqual([]))
    expect(collector.taken.map(({ messageId }) => messageId)).toEqual(ids)
    expect(names(collector.taken)).toEqual(['a', 'b', 'c'])
    for (const event of collector.taken)
      expect(event).toMatchObject({ anonymousId, context: { library: { name: 'airhop' } } })
    expect(next.stats()).toEqual({ tracked: 0, delivered: 0, rejected: 0, dropped: {}, pending: 0 })
  })

  test('keep the id that the page has given them, so that a repeat is known', async () => {
    const key = newKey()
    collector.answer = () => say(503)
    expect(await openPage({ key }).track('a', {}, { messageId: 'mine' })).toMatchObject({ status: 'saved' })
    closePage()
    collector.answer = () => undefined
    later(11_000)
    openPage({ key })
    await until(() => expect(kept(key)).toEqual([]))
    expect(collector.taken).toMatchObject([{ messageId: 'mine', event: 'a' }])
  })

  test('are all sent when some were too young for the first go: the others do not take their envelope away', async () => {
    const key = newKey()
    collector.answer = () => say(503)
    const airhop = openPage({ key })
    expect(await airhop.track('old')).toMatchObject({ status: 'saved' })
    later(8000)
    expect(await airhop.track('young')).toMatchObject({ status: 'saved' })
    closePage()
    collector.answer = () => undefined
    later(5000)
    const next = openPage({ key })
    await until(() => expect(names(collector.taken)).toEqual(['old']))
    await until(() => expect(kept(key)).toHaveLength(1))
    later(8000)
    dispatchEvent(new Event('online'))
    await until(() => expect(kept(key)).toEqual([]))
    expect(names(collector.taken)).toEqual(['old', 'young'])
    expect(next.stats().dropped).toEqual({})
  })

  test('are left to another key', async () => {
    const [mine, other] = [newKey(), newKey()]
    await leaveBehind(other, 'of the other')
    await leaveBehind(mine, 'mine')
    later(11_000)
    openPage({ key: mine })
    await until(() => expect(kept(mine)).toEqual([]))
    expect(names(collector.taken)).toEqual(['mine'])
    expect(kept(other)).toHaveLength(1)
  })

  test('are dropped, and counted, when they are older than seven days', async () => {
    const key = newKey()
    await leaveBehind(key, 'old')
    later(7 * 86_400_000 + 60_000)
    const next = openPage({ key })
    const dropped = vi.fn()
    next.on('dropped', dropped)
    await until(() => expect(kept(key)).toEqual([]))
    expect(collector.taken).toEqual([])
    expect(sum(next)).toBe(next.stats().tracked)
    expect(Object.values(next.stats().dropped)).toEqual([1])
    await until(() => expect(dropped).toHaveBeenCalledTimes(1))
  })

  test('for which every request is refused cost only themselves, once others have passed, and are counted', async () => {
    const key = newKey()
    await leaveBehind(key, 'poison')
    collector.answer = poisoned(400)
    later(11_000)
    const next = openPage({ key })
    expect(await next.track('a')).toMatchObject({ status: 'stored' })
    await until(() => expect(collector.requests.length).toBeGreaterThan(1))
    expect(kept(key)).toHaveLength(1)
    next.track('b')
    await until(() => expect(next.stats()).toEqual({ tracked: 3, delivered: 2, rejected: 1, dropped: {}, pending: 0 }))
    expect(names(collector.taken)).toEqual(['a', 'b'])
    expect(kept(key)).toEqual([])
  })

  test('that cannot be read cost nothing but themselves', async () => {
    const key = newKey()
    await leaveBehind(key, 'a', 'b')
    const [name] = keptKeys(key)
    const whole = localStorage.getItem(name!)!
    for (const [n, text] of ['', 'null', '[]', '{"writeKey":"wk', whole.slice(0, -1), whole.slice(1)].entries())
      localStorage.setItem(`airhop.${key.slice(-6)}.q.not ours ${n}`, text)
    later(11_000)
    const next = openPage({ key })
    expect(await next.track('c')).toMatchObject({ status: 'stored' })
    await until(() => expect(names(collector.taken).sort()).toEqual(['a', 'b', 'c']))
    expect(keptKeys(key)).toEqual([])
    expect(Object.values(next.stats().dropped)).toEqual([])
  })
})

describe('leaving', () => {
  test('beacons everything unanswered but what has just been sent, which is kept', async () => {
    // However long the machine takes for what follows, it is sent just now.
    vi.useFakeTimers({ toFake: ['Date'] })
    const release = hold()
    const bodies = spyBeacon()
    const key = newKey()
    const airhop = openPage({ key })
    airhop.track('just sent')
    await until(() => expect(collector.requests).toHaveLength(1))
    airhop.track('waits')
    dispatchEvent(new Event('pagehide'))
    expect(bodies.map((body) => names(readBody(body).events))).toEqual([['waits']])
    expect(kept(key)).toHaveLength(2)
    release()
  })

  test('beacons what has been under way for more than a second too, in the form of every request', async () => {
    const release = hold()
    const bodies = spyBeacon()
    const key = newKey()
    const airhop = openPage({ key })
    airhop.track('under way')
    await until(() => expect(collector.requests).toHaveLength(1))
    later(1100)
    airhop.identify('u1')
    airhop.track('waits')
    dispatchEvent(new Event('pagehide'))
    expect(bodies).toHaveLength(1)
    expect(typeof bodies[0]).toBe('string')
    const { events, envelopes } = readBody(bodies[0]!)
    expect(events.map(({ type, event, userId }) => [type, event, userId])).toEqual([
      ['track', 'under way', undefined],
      ['identify', undefined, 'u1'],
      ['track', 'waits', 'u1'],
    ])
    for (const { writeKey, sentAt } of envelopes) {
      expect(writeKey).toBe(key)
      expect(new Date(sentAt).toISOString()).toBe(sentAt)
    }
    expect(kept(key)).toHaveLength(3)
    release()
  })

  test('sends nothing when everything is answered', async () => {
    const bodies = spyBeacon()
    await openPage().track('x')
    closePage()
    expect(bodies).toEqual([])
  })

  test('keeps everything when the beacon is refused', async () => {
    const bodies = spyBeacon(false)
    const key = newKey()
    const airhop = openPage({ key })
    const result = airhop.track('x')
    closePage()
    expect(bodies.length).toBeGreaterThan(0)
    expect(await result).toMatchObject({ status: 'saved' })
    expect(kept(key)).toHaveLength(1)
  })

  test('beacons also what is tracked after it, by a listener that comes later', async () => {
    const bodies = spyBeacon()
    const key = newKey()
    const airhop = openPage({ key, flushMs: 60_000 })
    await airhop.track('before')
    airhop.track('waits')
    dispatchEvent(new Event('pagehide'))
    expect(await airhop.track('late')).toMatchObject({ status: 'saved' })
    expect(bodies.map((body) => names(readBody(body).events))).toEqual([['waits'], ['late']])
    expect(kept(key)).toHaveLength(2)
  })

  test('beacons nothing, early or late, while the server has asked to wait', async () => {
    const bodies = spyBeacon()
    const key = newKey()
    collector.answer = () => say(429, {}, { 'Retry-After': '60' })
    const airhop = openPage({ key })
    await airhop.track('refused')
    airhop.track('waits')
    dispatchEvent(new Event('pagehide'))
    await airhop.track('late')
    expect(bodies).toEqual([])
    expect(kept(key)).toHaveLength(3)
  })

  test('beacons the newest that fit into 64 KiB, and keeps the rest', async () => {
    const bodies = spyBeacon()
    const key = newKey()
    const airhop = openPage({ key })
    for (let n = 0; n < 10; n++) airhop.track(`e${n}`, { text: 'é'.repeat(5000) })
    closePage()
    expect(bodies).toHaveLength(1)
    expect(new TextEncoder().encode(bodies[0]).length).toBeLessThan(64 * 1024)
    const sent = names(readBody(bodies[0]!).events)
    expect(sent.length).toBeGreaterThan(4)
    expect(sent).toEqual(Array.from({ length: 10 }, (_, n) => `e${n}`).slice(-sent.length))
    expect(kept(key)).toHaveLength(10)
  })

  test('and coming back from the back/forward cache sends what was only beaconed', async () => {
    const bodies = spyBeacon()
    const airhop = openPage()
    airhop.track('x')
    dispatchEvent(new Event('pagehide'))
    expect(bodies).toHaveLength(1)
    expect(collector.requests).toEqual([])
    dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 1, pending: 0 }))
    expect(collector.taken[0]!.messageId).toBe(readBody(bodies[0]!).events[0]!.messageId)
  })

  test('and coming back sends also what was under way then, though its answer never comes', async () => {
    hold()
    spyBeacon()
    const airhop = openPage()
    airhop.track('x')
    await until(() => expect(collector.requests).toHaveLength(1))
    dispatchEvent(new Event('pagehide'))
    collector.answer = () => undefined
    dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    await until(() => expect(airhop.stats()).toMatchObject({ delivered: 1, pending: 0 }))
    expect(collector.requests.map(({ events }) => events.length)).toEqual([1, 1])
  })

  test('of sight sends what waits, without waiting for flushMs', async () => {
    const airhop = openPage({ flushMs: 60_000 })
    await airhop.track('first')
    airhop.track('waits')
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    await until(() => expect(names(collector.taken)).toEqual(['first', 'waits']))
  })
})

describe('stats', () => {
  test('add up at every step', async () => {
    const seen: number[] = []
    const check = () => {
      expect(sum(airhop)).toBe(airhop.stats().tracked)
      seen.push(airhop.stats().tracked)
    }
    let round = 0
    collector.answer = (request) => {
      check()
      return round++ === 0 ? say(500) : verdict(request, { bad: 'no_such' })
    }
    const airhop = openPage()
    check()
    for (const call of [
      () => airhop.track('a'),
      () => airhop.track(''),
      () => airhop.track('b', { n: 1n }),
      () => airhop.identify('null'),
      () => airhop.track('c', {}, { messageId: 'bad' }),
      () => airhop.reset(),
      () => airhop.page(),
      () => airhop.track('d', { text: 'x'.repeat(40_000) }),
    ]) {
      call()
      check()
    }
    for (const fate of ['delivered', 'rejected', 'dropped'] as const) airhop.on(fate, check)
    await until(() => expect(airhop.stats().pending).toBe(0))
    check()
    expect(airhop.stats()).toEqual({
      tracked: 7,
      delivered: 2,
      rejected: 3,
      dropped: { unserializable: 1, event_too_large: 1 },
      pending: 0,
    })
    expect(seen.length).toBeGreaterThan(11)
  })

  test('count each loss once, however many events one task makes of what fits', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    const airhop = openPage()
    await trackMany(airhop, 30, { text: 'x'.repeat(30_000) })
    await trackMany(airhop, 60, { text: 'x'.repeat(30_000) })
    expect(airhop.stats().tracked).toBe(90)
    expect(sum(airhop)).toBe(90)
  })

  test('are a copy', () => {
    const airhop = openPage()
    const stats = airhop.stats()
    stats.dropped.made_up = 1
    stats.tracked = 9
    expect(airhop.stats()).toEqual({ tracked: 0, delivered: 0, rejected: 0, dropped: {}, pending: 0 })
  })
})

describe('what a page has dropped', () => {
  const pageOf = (messageId: string) => messageId.slice(0, messageId.lastIndexOf('-'))
  /** What each envelope says of losses, with the page that it speaks for. */
  const told = () =>
    collector.requests
      .flatMap(({ envelopes }) => envelopes)
      .map(({ dropped, batch }) => (dropped ? [pageOf(batch[0]!.messageId), dropped] : undefined))

  test('is told by reason with the next events that are sent, and with all that follow', async () => {
    const airhop = openPage()
    const { messageId } = await airhop.track('before')
    const page = pageOf(messageId)
    airhop.track('lost', { n: 1n })
    await airhop.track('next')
    airhop.track('lost', { text: 'x'.repeat(40_000) })
    airhop.track('lost', { n: 1n })
    await airhop.identify('u1')
    await airhop.track('another head')
    expect(told()).toEqual([
      undefined,
      [page, { unserializable: 1 }],
      [page, { unserializable: 2, event_too_large: 1 }],
      [page, { unserializable: 2, event_too_large: 1 }],
    ])
  })

  test('goes with the beacon too', async () => {
    const bodies = spyBeacon()
    const airhop = openPage({ flushMs: 60_000 })
    await airhop.track('first')
    airhop.track('lost', { n: 1n })
    airhop.track('last')
    dispatchEvent(new Event('pagehide'))
    expect(bodies.map((body) => readBody(body).envelopes[0]!.dropped)).toEqual([{ unserializable: 1 }])
  })

  test('is nothing where consent was refused', async () => {
    const airhop = openPage({ consent: 'pending' })
    airhop.track('held')
    airhop.optOut()
    airhop.track('not taken')
    airhop.optIn()
    await airhop.track('taken')
    expect(airhop.stats().dropped).toEqual({ opted_out: 2 })
    expect(collector.requests.map(({ text }) => text.includes('dropped'))).toEqual([false])
  })

  test('stands beside no event of another page, and in no journal', async () => {
    const key = newKey()
    collector.answer = () => say(503)
    const before = openPage({ key })
    before.track('lost', { n: 1n })
    expect(await before.track('of the page before')).toMatchObject({ status: 'saved' })
    expect(JSON.stringify({ ...localStorage })).not.toContain('unserializable')
    closePage()
    collector.requests.length = 0
    collector.answer = () => undefined
    later(11_000)
    const airhop = openPage({ key })
    airhop.track('lost', { text: 'x'.repeat(40_000) })
    await until(() => expect(names(collector.taken)).toEqual(['of the page before']))
    expect(told()).toEqual([undefined])
    const { messageId } = await airhop.track('of this page')
    expect(told().slice(1)).toEqual([[pageOf(messageId), { event_too_large: 1 }]])
  })
})

describe('flush', () => {
  test('resolves with 0 at once when there is nothing', async () => {
    expect(await openPage().flush()).toBe(0)
    expect(collector.requests).toEqual([])
  })

  test('does not wait for flushMs, and resolves with 0 when everything was answered', async () => {
    const airhop = openPage({ flushMs: 60_000 })
    await airhop.track('first')
    airhop.track('a')
    airhop.track('b')
    expect(await airhop.flush()).toBe(0)
    expect(names(collector.taken)).toEqual(['first', 'a', 'b'])
  })

  test('resolves with the number that is left when the time is up', async () => {
    const release = hold()
    const airhop = openPage()
    airhop.track('a')
    airhop.track('b')
    expect(await airhop.flush({ timeoutMs: 30 })).toBe(2)
    release()
    expect(await airhop.flush()).toBe(0)
  })

  test('counts what is finally refused as answered', async () => {
    collector.answer = (request) => verdict(request, { bad: 'no_such' })
    const airhop = openPage()
    airhop.track('a', {}, { messageId: 'bad' })
    expect(await airhop.flush()).toBe(0)
  })

  test('waits for what was called before it, not for what comes after', async () => {
    const airhop = openPage({ flushMs: 60_000 })
    airhop.track('before')
    const flushed = airhop.flush()
    await until(() => expect(collector.requests).toHaveLength(1))
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    airhop.track('after')
    expect(await flushed).toBe(0)
  })

  test('composes with others that overlap it', async () => {
    const release = hold()
    const airhop = openPage({ flushMs: 60_000 })
    airhop.track('a')
    const first = airhop.flush()
    await until(() => expect(collector.requests).toHaveLength(1))
    airhop.track('b')
    const second = airhop.flush()
    const impatient = airhop.flush({ timeoutMs: 0 })
    expect(await impatient).toBe(2)
    release()
    expect(await Promise.all([first, second, airhop.flush()])).toEqual([0, 0, 0])
    expect(collector.requests.map(({ events }) => names(events))).toEqual([['a'], ['b']])
  })

  test('never hangs, also when the server is down', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    const airhop = openPage()
    airhop.track('a')
    expect(await airhop.flush({ timeoutMs: 60 })).toBe(1)
  })
})

describe('a localStorage', () => {
  test.each([['getItem'], ['setItem'], ['removeItem']] as const)(
    'whose %s throws keeps nothing from being delivered',
    async (method) => {
      vi.spyOn(Storage.prototype, method).mockImplementation(() => {
        throw new DOMException('denied', 'SecurityError')
      })
      const airhop = openPage()
      airhop.identify('u1')
      expect(await airhop.track('x')).toMatchObject({ status: 'stored' })
      expect(collector.taken).toMatchObject([{ userId: 'u1' }, { userId: 'u1', event: 'x' }])
      expect(airhop.user().anonymousId()).toBe(collector.taken[0]!.anonymousId)
      expect(airhop.stats()).toMatchObject({ tracked: 2, delivered: 2, pending: 0 })
    },
  )

  test('that takes everything and keeps nothing does not take the pause away', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')!
    const value = new Proxy({}, { set: () => true, get: () => undefined })
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, value })
    try {
      collector.answer = () => say(503, {}, { 'Retry-After': '60' })
      const airhop = openPage()
      await trackMany(airhop, 3, { text: 'x'.repeat(20_000) })
      expect(await airhop.flush({ timeoutMs: 100 })).toBe(3)
      expect(collector.requests).toHaveLength(1)
    } finally {
      Object.defineProperty(globalThis, 'localStorage', before)
    }
  })

  test.each([
    ['before a request fails', false],
    ['after it, and before the page goes', true],
  ])('that the page clears %s holds what waits again', async (_when, later) => {
    spyBeacon(false)
    const key = newKey()
    collector.answer = () => {
      if (!later) localStorage.clear()
      return say(503, {}, { 'Retry-After': '60' })
    }
    const airhop = openPage({ key })
    expect(await airhop.track('x')).toMatchObject({ status: 'saved' })
    if (later) {
      localStorage.clear()
      closePage()
    }
    expect(kept(key)).toHaveLength(1)
  })

  test('that is forbidden altogether keeps nothing from being delivered, after a failure too', async () => {
    const getter = vi.fn(() => {
      throw new DOMException('denied', 'SecurityError')
    })
    const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')!
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: getter })
    try {
      collector.answer = () => (collector.requests.length < 2 ? say(500) : undefined)
      const airhop = openPage()
      airhop.track('a')
      airhop.track('b')
      await until(() => expect(airhop.stats()).toMatchObject({ delivered: 2, pending: 0 }))
      expect(names(collector.taken)).toEqual(['a', 'b'])
      expect(getter).toHaveBeenCalled()
      airhop.reset()
      expect(airhop.user().id()).toBeNull()
    } finally {
      Object.defineProperty(globalThis, 'localStorage', before)
    }
  })

  test('holds at most 1 MiB of events: the oldest go first, and are counted', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    const key = newKey()
    const airhop = openPage({ key })
    const results = await trackMany(airhop, 60, { text: 'x'.repeat(30_000) })
    const size = keptKeys(key).reduce((total, name) => total + name.length + localStorage.getItem(name)!.length, 0)
    expect(size).toBeLessThanOrEqual(1024 * 1024)
    expect(size).toBeGreaterThan(900_000)
    const { storage_full } = airhop.stats().dropped
    expect(storage_full).toBe(60 - kept(key).length)
    const statuses = results.map(({ status }) => status)
    expect(statuses).toEqual([...Array(storage_full!).fill('dropped'), ...Array(60 - storage_full!).fill('saved')])
    expect(sum(airhop)).toBe(60)
  })
})

describe('what is kept', () => {
  const sizeOf = (key: string) =>
    keptKeys(key).reduce((total, name) => total + name.length + localStorage.getItem(name)!.length, 0)

  test('is at most 1 MiB also where each event is made alone, and the oldest go', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    const key = newKey()
    const airhop = openPage({ key })
    const sizes: number[] = []
    for (let n = 0; n < 2500; n++) {
      await airhop.track(`e${n}`)
      if (n % 25 === 0) sizes.push(sizeOf(key))
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024)
    expect(Math.max(...sizes)).toBeGreaterThan(900_000)
    expect(airhop.stats().dropped).toEqual({ storage_full: 2500 - kept(key).length })
    expect(kept(key).at(-1)).toContain('e2499')
  })

  test('is left whole by the next page as long as it is no more than 1 MiB', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '60' })
    const key = newKey()
    await trackMany(openPage({ key }), 33, { text: 'x'.repeat(30_000) })
    closePage()
    expect(sizeOf(key)).toBeGreaterThan(0.94 * 1024 * 1024)
    const next = openPage({ key })
    expect(await next.track('next')).toMatchObject({ status: 'saved' })
    expect(next.stats().dropped).toEqual({})
    expect(kept(key)).toHaveLength(34)
  })
})

describe('a clock that is set back', () => {
  test('during a pause ends the pause, and does not lengthen it', async () => {
    collector.answer = () => say(503, {}, { 'Retry-After': '600' })
    const key = newKey()
    const airhop = openPage({ key })
    expect(await airhop.track('a')).toMatchObject({ status: 'saved' })
    expect(collector.requests).toHaveLength(1)
    collector.answer = () => undefined
    later(-86_400_000)
    await airhop.track('b')
    await until(() => expect(names(collector.taken)).toEqual(['a', 'b']))
  })
})

describe('a page without what it needs', () => {
  test.each([
    ['no key', { key: undefined as unknown as string }, 'data-key'],
    ['an empty key', { key: '' }, 'data-key'],
    ['a widget key', { key: 'pk_abcdef123' }, 'data-key'],
    ['a host that is no address', { key: 'wk_some_key_1', host: 'ingest.test' }, 'data-host'],
  ])('(%s) is told so once, and its calls do nothing', async (_what, options, attribute) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const beacon = spyBeacon()
    const airhop = openPage({ host: HOST, ...options })
    const results = await Promise.all([airhop.identify('u1'), airhop.track('x'), airhop.page(), airhop.group('acme')])
    airhop.reset()
    airhop.setAnonymousId('mine')
    expect(await airhop.flush()).toBe(0)
    for (const result of results)
      expect(result).toMatchObject({ status: 'dropped', reason: expect.stringMatching(/./) })
    expect(errors.mock.calls).toEqual([[expect.stringContaining(attribute)]])
    closePage()
    expect(beacon).toEqual([])
    expect(collector.requests).toEqual([])
    expect({ ...localStorage }).toEqual({})
    expect(sum(airhop)).toBe(4)
  })
})
