import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Consent } from '../src/index.ts'
import { type Browser, openBrowser, type Tab } from './tabs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.parse('2026-03-01T08:00:00.000Z') })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const keysLeft = () => Object.keys(localStorage).filter((key) => !key.endsWith('.consent'))
const names = (events: { event?: string }[]) => events.map(({ event }) => event)

describe('any order and any race of calls, tabs, reloads and answers', () => {
  interface Made {
    under: Consent
    /** It may be lost: consent was refused later, or its page went while it was held in memory. */
    excused: boolean
    tab: Tab
  }
  /** What should be, and the real thing. */
  interface Model {
    state: Consent
    made: Map<string, Made>
  }
  type Command = fc.AsyncCommand<Model, Browser>

  const command = (name: string, run: (model: Model, browser: Browser) => void | Promise<void>): Command => ({
    check: () => true,
    run: async (model, browser) => run(model, browser),
    toString: () => name,
  })
  const inTab = (index: number, name: string, run: (tab: Tab, model: Model, browser: Browser) => void): Command => ({
    check: () => true,
    async run(model, browser) {
      const tab = browser.tabs[index % (browser.tabs.length || 1)]
      if (tab?.shown) run(tab, model, browser)
    },
    toString: () => `${name} in tab ${index}`,
  })
  const deny = (model: Model) => {
    model.state = 'denied'
    for (const made of model.made.values()) made.excused = true
  }
  const gone = (tab: Tab, { state, made }: Model) => {
    if (state === 'pending') for (const one of made.values()) one.excused ||= one.tab === tab
  }

  const tabIndex = fc.nat({ max: 2 })
  const commands = [
    tabIndex.map((index) =>
      inTab(index, 'track', (tab, { state, made }, browser) => {
        const name = `n_${made.size}`
        made.set(name, { under: state, excused: state === 'denied', tab })
        browser.act(tab, ({ track }) => void track(name))
      }),
    ),
    tabIndex.map((index) =>
      inTab(index, 'optIn', (tab, model, browser) => {
        model.state = 'granted'
        browser.act(tab, ({ optIn }) => optIn())
      }),
    ),
    tabIndex.map((index) =>
      inTab(index, 'optOut', (tab, model, browser) => {
        deny(model)
        browser.act(tab, ({ optOut }) => optOut())
      }),
    ),
    tabIndex.map((index) => inTab(index, 'reset', (tab, _, browser) => browser.act(tab, ({ reset }) => reset()))),
    tabIndex.map((index) =>
      inTab(index, 'identify', (tab, { state, made }, browser) => {
        const id = `u_${made.size}`
        made.set(id, { under: state, excused: state === 'denied', tab })
        browser.act(tab, ({ identify }) => void identify(id))
      }),
    ),
    tabIndex.map((index) => inTab(index, 'storage event', (tab, _, browser) => browser.tell(tab))),
    tabIndex.map((index) => inTab(index, 'online', (tab) => tab.dispatch(new Event('online')))),
    tabIndex.map((index) => inTab(index, 'flush', (tab) => void tab.airhop.flush())),
    tabIndex.map((index) =>
      inTab(index, 'reload', (tab, model, browser) => {
        gone(tab, model)
        browser.close(tab)
        browser.open()
      }),
    ),
    tabIndex.map((index) => inTab(index, 'back/forward cache', (tab, _, browser) => browser.hide(tab))),
    tabIndex.map((index) =>
      command(`back to tab ${index}`, (_, browser) => {
        const tab = browser.tabs[index]
        if (tab && !tab.shown) browser.show(tab)
      }),
    ),
    fc.constant(
      command('new tab', (_, browser) => {
        if (browser.tabs.length < 3) browser.open()
      }),
    ),
    fc.constantFrom(200, 500, 0).map((status) => command(`answer ${status}`, (_, browser) => browser.answer(status))),
    fc
      .constantFrom(0, 30, 3000, 30_000)
      .map((ms) => command(`${ms} ms pass`, async () => void (await vi.advanceTimersByTimeAsync(ms)))),
  ]

  test.each<Consent>(['pending', 'granted', 'denied'])(
    'never send an event made under deny, nor anything while consent is not given, and lose nothing else (at first %s)',
    async (first) => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { size: 'medium', maxCommands: 40 }), async (sequence) => {
          const model: Model = { state: first, made: new Map() }
          const sentTooSoon: string[] = []
          const browser = openBrowser({ consent: first }, (events) => {
            for (const { event, userId } of events) {
              const name = event ?? userId!
              if (model.state !== 'granted' || model.made.get(name)!.under === 'denied') sentTooSoon.push(name)
            }
          })
          browser.open()
          await fc.asyncModelRun(() => ({ model, real: browser }), sequence)

          for (const tab of browser.tabs) {
            if (!tab.shown) browser.show(tab)
            browser.tell(tab)
          }
          if (model.state === 'denied') {
            expect(keysLeft()).toEqual([])
            for (const { airhop } of browser.tabs) expect(airhop.stats().pending).toBe(0)
          }
          await browser.settle(30_000)
          expect(sentTooSoon).toEqual([])
          const arrived = new Set(browser.sent.map(({ event, userId }) => event ?? userId))
          const lost = [...model.made].filter(([name, { excused }]) => !excused && !arrived.has(name))
          if (model.state === 'granted') expect(lost.map(([name]) => name)).toEqual([])
          for (const tab of [...browser.tabs]) browser.close(tab)
        }),
        { numRuns: 150 },
      )
    },
    60_000,
  )
})

describe('while consent is pending', () => {
  test('events wait in memory, in their order and with their own time, and go when it is given', async () => {
    const browser = openBrowser({ consent: 'pending' })
    const { airhop } = browser.open()
    for (const name of ['first', 'second', 'third']) {
      airhop.track(name)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(browser.sent).toEqual([])
    expect(Object.keys(localStorage)).toEqual([])
    expect(airhop.stats().pending).toBe(3)
    await vi.advanceTimersByTimeAsync(60_000)
    airhop.optIn()
    await browser.settle(1000)
    expect(browser.sent.map(({ event, timestamp }) => [event, timestamp])).toEqual([
      ['first', '2026-03-01T08:00:00.000Z'],
      ['second', '2026-03-01T08:00:01.000Z'],
      ['third', '2026-03-01T08:00:02.000Z'],
    ])
    expect(airhop.stats()).toMatchObject({ tracked: 3, delivered: 3, pending: 0 })
  })

  test('the network that comes back, and a page that goes, touch no storage and send nothing', async () => {
    const browser = openBrowser({ consent: 'pending' })
    const tab = browser.open()
    tab.airhop.track('held')
    tab.dispatch(new Event('online'))
    tab.dispatch(new Event('visibilitychange'))
    browser.hide(tab)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(browser.sent).toEqual([])
    expect(Object.keys(localStorage)).toEqual([])
  })
})

describe('who it is, said while consent is pending', () => {
  const who = ({ user }: Tab['airhop']) => [user().id(), user().anonymousId()]
  const KEPT = { anonymousId: 'of_before', userId: 'u_before' }
  /** Kept when no consent was asked for. */
  const keep = (identity: object) => {
    localStorage['airhop.000001.id'] = JSON.stringify(identity)
  }

  test('is not undone by what an earlier page has kept of another user', async () => {
    const browser = openBrowser({ consent: 'pending' })
    keep(KEPT)
    const { airhop } = browser.open()
    airhop.identify('u1')
    airhop.optIn()
    airhop.track('after')
    await browser.settle(1000)
    expect(browser.sent.map(({ userId }) => userId)).toEqual(['u1', 'u1'])
    expect(new Set(browser.sent.map(({ anonymousId }) => anonymousId)).size).toBe(1)
    expect(browser.sent[0]!.anonymousId).not.toBe('of_before')
    expect(who(browser.open().airhop)[0]).toBe('u1')
  })

  test('that it is nobody any more holds too', async () => {
    const browser = openBrowser({ consent: 'pending' })
    keep(KEPT)
    const { airhop } = browser.open()
    airhop.reset()
    airhop.optIn()
    expect(who(airhop)).toEqual([null, expect.not.stringMatching('of_before')])
  })

  test('is what was kept when nothing was said', async () => {
    const browser = openBrowser({ consent: 'pending' })
    keep(KEPT)
    const { airhop } = browser.open()
    airhop.track('held')
    airhop.optIn()
    expect(who(airhop)).toEqual(['u_before', 'of_before'])
  })

  test('holds when another tab, where nobody was named, is the one that consents', async () => {
    const browser = openBrowser({ consent: 'pending' })
    const [here, there] = [browser.open(), browser.open()]
    browser.act(here, ({ identify }) => void identify('u1'))
    browser.act(there, ({ optIn }) => optIn())
    browser.tell(here)
    browser.act(here, ({ track }) => void track('here'))
    browser.act(there, ({ track }) => void track('there'))
    await browser.settle(5000)
    expect(browser.sent.map(({ event, type, userId }) => [event ?? type, userId])).toEqual(
      expect.arrayContaining([
        ['identify', 'u1'],
        ['here', 'u1'],
        ['there', 'u1'],
      ]),
    )
    expect(who(here.airhop)).toEqual(who(there.airhop))
    // Said once: what another tab says afterwards holds here.
    there.airhop.reset()
    expect(who(here.airhop)).toEqual(who(there.airhop))
  })
})

describe('when consent is refused', () => {
  test('what waits is dropped with a reason, and nothing of it or of the visitor is left', async () => {
    const browser = openBrowser()
    const { airhop } = browser.open()
    const reasons: unknown[] = []
    airhop.on('dropped', ({ reason }) => reasons.push(reason))
    airhop.identify('u1')
    airhop.track('waits')
    await Promise.resolve()
    expect(keysLeft()).toHaveLength(2)
    airhop.optOut()
    expect(keysLeft()).toEqual([])
    expect(await airhop.track('made under deny')).toMatchObject({ status: 'dropped', reason: 'opted_out' })
    expect(reasons).toEqual(['opted_out', 'opted_out', 'opted_out'])
    expect(airhop.user().id()).toBeNull()
    expect(airhop.user().anonymousId()).toBeNull()
    expect(airhop.optedOut()).toBe(true)
    expect(airhop.stats()).toEqual({ tracked: 3, delivered: 0, rejected: 0, dropped: { opted_out: 3 }, pending: 0 })
  })

  test.each([500, 0])('the answer %i to a request that was under way leaves nothing behind', async (status) => {
    const browser = openBrowser()
    const { airhop } = browser.open()
    airhop.track('under way')
    await vi.advanceTimersByTimeAsync(30)
    expect(names(browser.sent)).toEqual(['under way'])
    airhop.optOut()
    await browser.answer(status)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(keysLeft()).toEqual([])
    expect(browser.sent).toHaveLength(1)
  })

  test('a page that comes back from the back/forward cache drops what it held, and works again once consent is given', async () => {
    const browser = openBrowser()
    const [here, there] = [browser.open(), browser.open()]
    browser.act(here, ({ track }) => void track('answered'))
    await browser.settle(100)
    here.airhop.track('waits')
    vi.stubGlobal('navigator', { language: 'en', sendBeacon: () => false })
    browser.hide(here)
    there.airhop.optOut()
    browser.show(here)
    expect(here.airhop.stats().dropped).toEqual({ opted_out: 1 })
    there.airhop.optIn()
    here.untold = true
    browser.tell(here)
    browser.act(here, ({ track }) => void track('again'))
    await browser.settle(5000)
    expect(names(browser.sent)).toEqual(['answered', 'again'])
  })

  test('and given again in another tab, what is tracked before the word of it has come is sent, whatever is answered meanwhile', async () => {
    const browser = openBrowser()
    const [here, there] = [browser.open(), browser.open()]
    here.airhop.track('under way')
    await vi.advanceTimersByTimeAsync(30)
    browser.act(there, ({ optOut }) => optOut())
    browser.tell(here)
    browser.act(there, ({ optIn }) => optIn())
    here.airhop.track('before the word')
    await browser.answer(500)
    browser.tell(here)
    await browser.settle(5000)
    expect(names(browser.sent)).toEqual(['under way', 'before the word'])
  })

  test('who was named under deny is not known once consent is given', async () => {
    const browser = openBrowser()
    const { airhop } = browser.open()
    airhop.optOut()
    airhop.identify('u1')
    airhop.setAnonymousId('named under deny')
    airhop.group('acme')
    airhop.optIn()
    airhop.track('after')
    await browser.settle(1000)
    expect(browser.sent).toHaveLength(1)
    expect(browser.sent[0]).not.toHaveProperty('userId')
    expect(browser.sent[0]).not.toHaveProperty('groupId')
    expect(browser.sent[0]!.anonymousId).not.toBe('named under deny')
  })

  test('a storage without room for the decision does not keep the old one', async () => {
    const browser = openBrowser()
    const tab = browser.open()
    tab.airhop.optIn()
    const set = Object.getOwnPropertyDescriptor(window, 'localStorage')!
    const real = localStorage
    // It takes nothing that is longer than what it replaces.
    vi.stubGlobal(
      'localStorage',
      new Proxy(real, {
        set() {
          throw new DOMException('full', 'QuotaExceededError')
        },
      }),
    )
    tab.airhop.optOut()
    expect(tab.airhop.optedOut()).toBe(true)
    expect(await tab.airhop.track('made under deny')).toMatchObject({ reason: 'opted_out' })
    // There is room again, for the next page.
    Object.defineProperty(window, 'localStorage', set)
    vi.stubGlobal('localStorage', real)
    expect(await tab.airhop.track('made under deny')).toMatchObject({ reason: 'opted_out' })
    expect(browser.open().airhop.optedOut()).toBe(true)
  })

  test.each(['optIn', 'optOut'] as const)('%s holds when the page clears its storage', (decide) => {
    const browser = openBrowser({ consent: 'pending' })
    const { airhop } = browser.open()
    airhop[decide]()
    localStorage.clear()
    expect(airhop.optedOut()).toBe(decide === 'optOut')
    expect(browser.open().airhop.optedOut()).toBe(decide === 'optOut')
  })

  test('an event tracked by a tab that has not been told yet is dropped, and what it has not sent stays unsent', async () => {
    const browser = openBrowser()
    const [here, there] = [browser.open(), browser.open()]
    here.airhop.track('waits')
    there.airhop.optOut()
    expect(await here.airhop.track('made under deny')).toMatchObject({ reason: 'opted_out' })
    await vi.advanceTimersByTimeAsync(5000)
    expect(browser.sent).toEqual([])
  })
})

describe('Global Privacy Control', () => {
  const withControl = (gpc?: 'deny' | 'ignore', consent?: Consent) => {
    const browser = openBrowser({ gpc, consent })
    vi.stubGlobal('navigator', { ...navigator, globalPrivacyControl: true })
    return browser
  }

  test.each<Consent>(['granted', 'pending'])(
    'starts denied, also where it would be %s, and keeps nothing',
    async (consent) => {
      const browser = withControl('deny', consent)
      const { airhop } = browser.open()
      expect(airhop.optedOut()).toBe(true)
      expect(await airhop.track('x')).toMatchObject({ status: 'dropped', reason: 'opted_out' })
      await vi.advanceTimersByTimeAsync(5000)
      expect(Object.keys(localStorage)).toEqual([])
      expect(browser.sent).toEqual([])
    },
  )

  test('is not looked at when told so', () => {
    expect(withControl('ignore').open().airhop.optedOut()).toBe(false)
  })

  test('yields to what the visitor decides, on this page and on the next', async () => {
    const browser = withControl()
    const tab = browser.open()
    tab.airhop.optIn()
    expect(tab.airhop.optedOut()).toBe(false)
    browser.close(tab)
    const { airhop } = browser.open()
    expect(airhop.optedOut()).toBe(false)
    airhop.track('wanted')
    await browser.settle(100)
    expect(names(browser.sent)).toEqual(['wanted'])
  })
})

describe('who it is, over any order of calls in several tabs', () => {
  test('is for every event what the last call in any tab has made it', async () => {
    const act = fc.record({
      tab: fc.nat({ max: 2 }),
      what: fc.constantFrom('identify', 'reset', 'track', 'group', 'tell', 'reload'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const browser = openBrowser()
        for (let count = 0; count < 3; count++) browser.open()
        let user: string | undefined
        let group: string | undefined
        const expected = new Map<string, (string | undefined)[]>()
        acts.forEach(({ tab: index, what }, n) => {
          const tab = browser.tabs[index]!
          if (what === 'reload') {
            browser.close(tab)
            browser.open()
          } else if (what === 'tell') browser.tell(tab)
          else if (what === 'track') {
            expected.set(`n_${n}`, [user, group, tab.airhop.user().anonymousId()!])
            browser.act(tab, ({ track }) => void track(`n_${n}`))
          } else if (what === 'group') {
            group = `g_${n}`
            browser.act(tab, (airhop) => void airhop.group(group!))
          } else if (what === 'identify') {
            // Another person on the same browser: the account of the first is not theirs.
            if (user) group = undefined
            user = `u_${n}`
            browser.act(tab, ({ identify }) => void identify(user))
          } else {
            user = group = undefined
            browser.act(tab, ({ reset }) => reset())
          }
          expect(new Set(browser.tabs.map(({ airhop }) => airhop.user().anonymousId())).size).toBe(1)
        })
        await browser.settle(15_000)
        const seen = new Map(
          browser.sent
            .filter(({ type }) => type === 'track')
            .map(({ event, userId, groupId, anonymousId }) => [event!, [userId, groupId, anonymousId]]),
        )
        expect(seen).toEqual(expected)
        for (const tab of [...browser.tabs]) browser.close(tab)
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})
