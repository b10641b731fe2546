import { describe, expect, test, vi } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { VERSION } from '../src/index.ts'
import { EVENT_MAX_BYTES, ID_MAX_CHARS } from '../src/limits.ts'
import { closePage, kept, newKey, openPage, useCollector } from './collector.ts'

const collector = useCollector()
const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const one = async () => (await collector.events(1))[0]!

/** After a further event was taken, what was refused before it can't be under way any more. */
const namesSent = async (airhop: ReturnType<typeof openPage>) => {
  await airhop.track('last')
  return collector.taken.map(({ type, event }) => event ?? type)
}

describe('identify', () => {
  test('ties the event and later ones to the user', async () => {
    const airhop = openPage()
    airhop.identify('u1', { plan: 'pro', phone: null })
    airhop.track('later')
    const [identify, later] = await collector.events(2)
    expect(identify).toMatchObject({ type: 'identify', userId: 'u1', traits: { plan: 'pro', phone: null } })
    expect(later).toMatchObject({ type: 'track', userId: 'u1' })
    expect(later).not.toHaveProperty('traits')
    expect(later!.context).not.toHaveProperty('traits')
  })

  test.each([
    [0, '0'],
    [42, '42'],
    [-1.5, '-1.5'],
  ])('makes the number %s the text %j', async (given, sent) => {
    const airhop = openPage()
    airhop.identify(given)
    expect((await one()).userId).toBe(sent)
    expect(airhop.user().id()).toBe(sent)
  })

  test.each([[''], ['   '], [Number.NaN], ['NaN'], ['null'], ['undefined'], ['[object Object]']])(
    'refuses the id %j, with a reason, and sends nothing',
    async (id) => {
      const airhop = openPage()
      expect(await airhop.identify(id, { a: 1 })).toMatchObject({
        status: 'rejected',
        reason: expect.stringMatching(/./),
      })
      expect(airhop.user().id()).toBeNull()
      expect(await namesSent(airhop)).toEqual(['last'])
      expect(airhop.stats()).toEqual({ tracked: 2, delivered: 1, rejected: 1, dropped: {}, pending: 0 })
    },
  )

  test('takes the traits as its first argument', async () => {
    const airhop = openPage()
    airhop.identify({ plan: 'free' })
    const event = await one()
    expect(event).toMatchObject({ type: 'identify', traits: { plan: 'free' } })
    expect(event).not.toHaveProperty('userId')
  })

  test('takes options after traits that come first', async () => {
    openPage().identify({ plan: 'free' }, { messageId: 'm-first' })
    expect(await one()).toMatchObject({ messageId: 'm-first', traits: { plan: 'free' } })
  })

  test.each([[null], [undefined]])('keeps the known user when the id is %s', async (nothing) => {
    const airhop = openPage()
    airhop.identify('u1')
    airhop.identify(nothing, { plan: 'pro' })
    const [, second] = await collector.events(2)
    expect(second).toMatchObject({ type: 'identify', userId: 'u1', traits: { plan: 'pro' } })
    expect(airhop.user().id()).toBe('u1')
  })

  test('keeps the known user when only traits are given', async () => {
    const airhop = openPage()
    airhop.identify('u1')
    airhop.identify({ plan: 'pro' })
    const [, second] = await collector.events(2)
    expect(second).toMatchObject({ userId: 'u1', traits: { plan: 'pro' } })
  })

  test('keeps the anonymous id the first time, so that earlier events merge onto the user', async () => {
    const airhop = openPage()
    const before = airhop.user().anonymousId()
    airhop.track('before')
    airhop.identify('u1')
    airhop.identify('u1', { again: true })
    const events = await collector.events(3)
    expect(events.map(({ anonymousId }) => anonymousId)).toEqual([before, before, before])
    expect(events[0]).not.toHaveProperty('userId')
  })

  test('starts a new anonymous id for a different user', async () => {
    const airhop = openPage()
    const before = airhop.user().anonymousId()
    airhop.identify('u1')
    airhop.identify('u2')
    const [first, second] = await collector.events(2)
    expect(first).toMatchObject({ userId: 'u1', anonymousId: before })
    expect(second!.userId).toBe('u2')
    expect(second!.anonymousId).toMatch(UUID_V4)
    expect(second!.anonymousId).not.toBe(before)
    expect(airhop.user().anonymousId()).toBe(second!.anonymousId)
  })

  test('does not give the group and the signature of one user to the next', async () => {
    const airhop = openPage()
    airhop.identify('u1', {}, { signature: 'aa11' })
    airhop.group('g1')
    airhop.identify('u2')
    const [, , second] = await collector.events(3)
    expect(second!.userId).toBe('u2')
    expect(second).not.toHaveProperty('signature')
    expect(second).not.toHaveProperty('groupId')
  })

  test('sends the signature with every later event of that user', async () => {
    const airhop = openPage()
    airhop.identify('u1', {}, { signature: 'aa11' })
    airhop.track('later')
    airhop.identify('u1', { plan: 'pro' })
    const events = await collector.events(3)
    expect(events.map(({ signature }) => signature)).toEqual(['aa11', 'aa11', 'aa11'])
  })

  test('is known on the next page, and its traits are not kept', async () => {
    const key = newKey()
    const airhop = openPage({ key })
    await airhop.identify('u1', { email: 'someone@example.com' })
    const anonymousId = airhop.user().anonymousId()
    expect(JSON.stringify({ ...localStorage })).not.toContain('someone@example.com')
    closePage()
    const next = openPage({ key })
    expect(next).not.toBe(airhop)
    expect([next.user().id(), next.user().anonymousId()]).toEqual(['u1', anonymousId])
  })
})

describe('track', () => {
  test('sends the name and the properties', async () => {
    openPage().track('Order Completed', { total: 9.5, items: ['a'], note: null })
    expect(await one()).toMatchObject({
      type: 'track',
      event: 'Order Completed',
      properties: { total: 9.5, items: ['a'], note: null },
    })
  })

  test.each([[undefined], [null], ['']])(
    'without a name (%j) sends nothing and resolves rejected: missing_event',
    async (name) => {
      const airhop = openPage()
      expect(await airhop.track(name as string, { a: 1 })).toMatchObject({
        status: 'rejected',
        reason: 'missing_event',
      })
      expect(await namesSent(airhop)).toEqual(['last'])
    },
  )
})

describe('page', () => {
  const P = { a: 1 }
  test.each([
    ['nothing', [], {}],
    ['one string: the name', ['Home'], { name: 'Home' }],
    ['two strings: category and name', ['Docs', 'Install'], { category: 'Docs', name: 'Install' }],
    ['one object: the properties', [P], { properties: P }],
    ['a name and properties', ['Home', P], { name: 'Home', properties: P }],
    ['category, name, properties', ['Docs', 'Install', P], { category: 'Docs', name: 'Install', properties: P }],
    ['null, null, properties', [null, null, P], { properties: P }],
    ['null and a name', [null, 'Home', P], { name: 'Home', properties: P }],
    ['undefined, a name', [undefined, 'Home'], { name: 'Home' }],
    ['a name and null for the properties', ['Home', null], { name: 'Home' }],
    ['properties and options', [P, { messageId: 'm1' }], { properties: P, messageId: 'm1' }],
    ['a name, properties, options', ['Home', P, { messageId: 'm2' }], { name: 'Home', properties: P, messageId: 'm2' }],
    [
      'all four',
      ['Docs', 'Install', P, { messageId: 'm3' }],
      { category: 'Docs', name: 'Install', properties: P, messageId: 'm3' },
    ],
    [
      'four, with null for the properties',
      ['Docs', 'Install', null, { messageId: 'm4' }],
      { category: 'Docs', name: 'Install', messageId: 'm4' },
    ],
  ])('takes %s', async (_form, args, expected) => {
    const callback = vi.fn()
    await (openPage().page as (...args: unknown[]) => Promise<unknown>)(...args, callback)
    const { messageId, ...event } = await one()
    const { properties, name, category, ...rest } = expected as Record<string, any>
    expect(event).toMatchObject({ type: 'page', ...(name && { name }), ...(category && { category }) })
    expect([event.name, event.category]).toEqual([name, category])
    expect(event.properties).toMatchObject({
      ...properties,
      path: '/',
      ...(name && { name }),
      ...(category && { category }),
    })
    expect([event.properties.name, event.properties.category]).toEqual([name, category])
    expect(event.properties).not.toHaveProperty('messageId')
    if (rest.messageId) expect(messageId).toBe(rest.messageId)
    expect(callback).toHaveBeenCalledTimes(1)
  })

  test('tells where it was, in the properties and in context.page, without a fragment', async () => {
    history.replaceState(null, '', '/shop/cart?size=4&utm_source=news#top')
    document.title = 'Cart'
    vi.spyOn(document, 'referrer', 'get').mockReturnValue('https://elsewhere.test/x?token=abc')
    openPage().page('Shop', 'Cart')
    const { properties, context } = await one()
    const page = {
      url: `${location.origin}/shop/cart?size=4&utm_source=news`,
      path: '/shop/cart',
      referrer: 'https://elsewhere.test/x?token=redacted',
      search: '?size=4&utm_source=news',
      title: 'Cart',
    }
    expect(properties).toEqual({ ...page, name: 'Cart', category: 'Shop' })
    expect(context.page).toEqual(page)
  })

  test('survives a canonical link that is no address', async () => {
    history.replaceState(null, '', '/product')
    document.head.innerHTML = '<link rel="canonical" href="https://[broken">'
    await expect(openPage().track('seen')).resolves.toMatchObject({ status: 'stored' })
    expect((await one()).context.page).toMatchObject({ url: `${location.origin}/product`, path: '/product' })
  })

  test('has the address of the canonical link, without its fragment', async () => {
    history.replaceState(null, '', '/shop/cart?variant=7')
    document.head.innerHTML = '<link rel="canonical" href="https://shop.test/canonical#part">'
    openPage().page()
    const { properties } = await one()
    expect(properties).toMatchObject({ url: 'https://shop.test/canonical', path: '/canonical', search: '?variant=7' })
  })

  test('has secrets and personal data redacted, and utm_* left', async () => {
    history.replaceState(null, '', '/in?token=t0ps3cret&to=a.b@example.com&utm_campaign=spring&q=shoes')
    openPage().page()
    const { properties, context } = await one()
    const search = '?token=redacted&to=redacted&utm_campaign=spring&q=shoes'
    expect(properties).toMatchObject({ search, url: `${location.origin}/in${search}` })
    expect(context.page).toMatchObject({ search, url: `${location.origin}/in${search}` })
    expect(collector.requests[0]!.text).not.toMatch(/t0ps3cret|a\.b@example/)
  })

  test('an address that is very long is cut: with all of it the server would take no event of the page', async () => {
    history.replaceState({}, '', `/${'p'.repeat(20_000)}?utm_term=${'t'.repeat(20_000)}&token=${'x'.repeat(20_000)}`)
    openPage().page()
    const { context, properties } = await one()
    expect(JSON.stringify(context).length).toBeLessThan(EVENT_MAX_BYTES)
    expect(context.page.url).toBe(location.href.slice(0, 4096))
    expect(properties).toMatchObject({ path: `/${'p'.repeat(4095)}`, search: `?utm_term=${'t'.repeat(4086)}` })
    expect(context.campaign).toEqual({ term: 't'.repeat(4086) })
  })

  test("the caller's fields win, and also set context.page", async () => {
    document.title = 'Real'
    openPage().page('Named', { url: 'https://own.test/u', title: 'Own', path: '/own', name: 'Other', extra: 1 })
    const { name, properties, context } = await one()
    expect(name).toBe('Named')
    expect(properties).toMatchObject({ url: 'https://own.test/u', title: 'Own', path: '/own', name: 'Other', extra: 1 })
    expect(context.page).toMatchObject({ url: 'https://own.test/u', title: 'Own', path: '/own', referrer: '' })
    expect(context.page).not.toHaveProperty('extra')
  })

  test('is fixed at the call: what happens to the address and the title afterwards changes nothing', async () => {
    history.replaceState(null, '', '/first')
    document.title = 'First'
    const airhop = openPage()
    airhop.page()
    history.replaceState(null, '', '/second')
    document.title = 'Second'
    airhop.track('click')
    const [first, second] = await collector.events(2)
    expect(first!.properties).toMatchObject({ path: '/first', title: 'First' })
    expect(first!.context.page).toMatchObject({ path: '/first', title: 'First' })
    expect(second!.context.page).toMatchObject({ path: '/second', title: 'Second' })
  })
})

describe('group', () => {
  test('links the user to an account, by its id on this event and on later ones', async () => {
    const airhop = openPage()
    airhop.track('before')
    airhop.group('acme', { seats: 3 })
    airhop.track('after')
    const [before, group, after] = await collector.events(3)
    expect(before).not.toHaveProperty('groupId')
    expect(group).toMatchObject({ type: 'group', groupId: 'acme', traits: { seats: 3 } })
    expect(after).toMatchObject({ event: 'after', groupId: 'acme' })
    expect(collector.requests.flatMap(({ envelopes }) => envelopes).at(-1)!.groupId).toBe('acme')
    expect(airhop.user().groupId()).toBe('acme')
  })

  test('makes a number text, 0 included', async () => {
    const airhop = openPage()
    airhop.group(0)
    expect((await one()).groupId).toBe('0')
    expect(airhop.user().groupId()).toBe('0')
  })

  test.each([[undefined], [''], ['null']])('without an id (%j) sends nothing and says why', async (id) => {
    const airhop = openPage()
    expect(await airhop.group(id as string)).toMatchObject({ status: 'rejected', reason: expect.stringMatching(/./) })
    expect(await namesSent(airhop)).toEqual(['last'])
    expect(airhop.user().groupId()).toBeNull()
  })
})

describe('reset', () => {
  test('forgets user, group and signature, starts a new anonymous id and sends nothing', async () => {
    const airhop = openPage()
    airhop.identify('u1', {}, { signature: 'aa11' })
    airhop.group('acme')
    const before = airhop.user().anonymousId()
    airhop.reset()
    airhop.track('after')
    const events = await collector.events(3)
    expect(events.map(({ type, userId, groupId }) => [type, userId, groupId])).toEqual([
      ['identify', 'u1', undefined],
      ['group', 'u1', 'acme'],
      ['track', undefined, undefined],
    ])
    expect(events[2]).not.toHaveProperty('signature')
    expect(events[2]!.anonymousId).toMatch(UUID_V4)
    expect(events[2]!.anonymousId).not.toBe(before)
    expect([airhop.user().id(), airhop.user().groupId()]).toEqual([null, null])
    expect(airhop.stats().tracked).toBe(3)
  })

  test('holds in every tab: what another tab makes afterwards carries no old user', async () => {
    const key = newKey()
    const here = openPage({ key })
    delete (window as { __airhop?: unknown }).__airhop
    const there = openPage({ key })
    expect(there).not.toBe(here)
    here.identify('u1')
    expect(there.user().id()).toBe('u1')
    here.reset()
    await there.track('made in the other tab')
    const event = collector.taken.find(({ type }) => type === 'track')!
    expect(event).not.toHaveProperty('userId')
    expect(event.anonymousId).toBe(here.user().anonymousId())
  })
})

describe('user', () => {
  test('has functions that give null where there is nothing, and an anonymous id from the start', () => {
    const { id, anonymousId, groupId } = openPage().user()
    expect([id(), groupId()]).toEqual([null, null])
    expect(anonymousId()).toMatch(UUID_V4)
  })

  test('tells of changes that come after it was asked for', () => {
    const airhop = openPage()
    const user = airhop.user()
    airhop.identify('u1')
    airhop.group('acme')
    expect([user.id(), user.groupId()]).toEqual(['u1', 'acme'])
  })

  test('has the anonymous id that the page has set, and so have the events', async () => {
    const airhop = openPage()
    airhop.setAnonymousId('mine')
    airhop.track('x')
    expect(airhop.user().anonymousId()).toBe('mine')
    expect((await one()).anonymousId).toBe('mine')
  })

  test('is not changed by an anonymous id that stands for nothing', () => {
    const airhop = openPage()
    const before = airhop.user().anonymousId()
    airhop.setAnonymousId('')
    airhop.setAnonymousId('undefined')
    expect(airhop.user().anonymousId()).toBe(before)
  })

  test('takes no id that is longer than the server takes: every later event would be refused for it', async () => {
    const airhop = openPage()
    const before = airhop.user().anonymousId()
    const long = 'x'.repeat(ID_MAX_CHARS + 1)
    expect(await airhop.identify(long)).toMatchObject({ status: 'rejected', reason: 'invalid_user_id' })
    expect(await airhop.group(long)).toMatchObject({ status: 'rejected', reason: 'missing_group_id' })
    airhop.setAnonymousId(long)
    const { id, groupId, anonymousId } = airhop.user()
    expect([id(), groupId(), anonymousId()]).toEqual([null, null, before])
    airhop.identify(long.slice(1))
    expect(id()).toBe(long.slice(1))
  })

  test('starts anew when what is kept is no identity', async () => {
    const key = newKey()
    openPage({ key })
    const places = Object.keys(localStorage)
    expect(places.length).toBeGreaterThan(0)
    closePage()
    for (const place of places) localStorage.setItem(place, '{"not ours')
    const airhop = openPage({ key })
    expect(airhop.user().anonymousId()).toMatch(UUID_V4)
    expect((await airhop.track('x')).status).toBe('stored')
  })
})

describe('options', () => {
  test('messageId, timestamp, integrations and anonymousId are those of this event alone', async () => {
    const airhop = openPage()
    const own = airhop.user().anonymousId()
    const timestamp = new Date('2020-02-03T04:05:06.789Z')
    const result = airhop.track(
      'x',
      {},
      { messageId: 'm1', timestamp, anonymousId: 'other', integrations: { All: false } },
    )
    airhop.track('y')
    const [x, y] = await collector.events(2)
    expect(x).toMatchObject({
      messageId: 'm1',
      timestamp: timestamp.toISOString(),
      anonymousId: 'other',
      integrations: { All: false },
    })
    expect(y!.anonymousId).toBe(own)
    expect(y!.messageId).not.toBe('m1')
    expect(Math.abs(Date.parse(y!.timestamp) - Date.now())).toBeLessThan(10_000)
    expect(await result).toMatchObject({ messageId: 'm1', status: 'stored' })
  })

  test('context merges with what the SDK fills in, and page per field', async () => {
    document.title = 'Real'
    openPage().track('x', {}, { context: { page: { title: 'Own' }, locale: 'de-AT', mine: { deep: [1] } } })
    const { context } = await one()
    expect(context).toMatchObject({
      locale: 'de-AT',
      mine: { deep: [1] },
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      library: { name: 'airhop', version: VERSION },
    })
    expect(context.page).toEqual({ title: 'Own', url: `${location.origin}/`, path: '/', referrer: '', search: '' })
  })

  test('may be null, as may properties', async () => {
    openPage().track('x', null, null)
    expect((await one()).event).toBe('x')
  })
})

describe('context', () => {
  test('has page, locale, timezone and library, and nothing else', async () => {
    openPage().track('x')
    const { context } = await one()
    expect(Object.keys(context).sort()).toEqual(['library', 'locale', 'page', 'timezone'])
    expect(context.locale).toBe(navigator.language)
  })

  test('has the campaign from utm_*, and utm_campaign is its name', async () => {
    history.replaceState(null, '', '/?utm_source=news&utm_campaign=spring%20sale&utm_medium=mail&other=1')
    openPage().track('x')
    expect((await one()).context.campaign).toEqual({ source: 'news', name: 'spring sale', medium: 'mail' })
  })

  test('has the version that package.json has', () => {
    expect(VERSION).toBe(manifest.version)
    expect(openPage().VERSION).toBe(manifest.version)
  })
})

describe('what is passed in', () => {
  test('is copied at the call, deeply: later changes to it change nothing', async () => {
    const properties = { list: [1], nested: { a: 1 } }
    const context = { mine: { a: 1 } }
    const airhop = openPage()
    airhop.track('x', properties, { context })
    properties.list.push(2)
    properties.nested.a = 2
    context.mine.a = 2
    const event = await one()
    expect(event.properties).toEqual({ list: [1], nested: { a: 1 } })
    expect(event.context.mine).toEqual({ a: 1 })
  })

  test('is never written to', async () => {
    const frozen = (value: object): any => {
      for (const inner of Object.values(value)) if (typeof inner === 'object') frozen(inner)
      return Object.freeze(value)
    }
    const airhop = openPage()
    const options = frozen({ context: { page: { title: 'Own' } }, integrations: { All: true } })
    const results = await Promise.all([
      airhop.identify('u1', frozen({ a: { b: 1 } }), options),
      airhop.page('Docs', 'Install', frozen({ a: [1] }), options),
      airhop.group('acme', frozen({ a: 1 }), options),
    ])
    expect(results.map(({ status }) => status)).toEqual(['stored', 'stored', 'stored'])
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const trap = {
    get boom(): string {
      throw new Error('from the getter')
    },
  }
  test.each([
    ['a cycle', cycle],
    ['a BigInt', { n: 10n }],
    ['a throwing getter', trap],
    [
      'a throwing toJSON',
      {
        toJSON() {
          throw new Error('from toJSON')
        },
      },
    ],
  ])('costs that event only when it can’t be serialised: %s', async (_what, properties) => {
    const airhop = openPage()
    const results = [
      airhop.track('bad', properties as Record<string, unknown>),
      airhop.page(properties as Record<string, unknown>),
      airhop.track('bad', {}, { context: { mine: properties } }),
    ]
    for (const result of results) expect(await result).toMatchObject({ status: 'dropped', reason: 'unserializable' })
    expect(await namesSent(airhop)).toEqual(['last'])
    expect(airhop.stats()).toEqual({
      tracked: 4,
      delivered: 1,
      rejected: 0,
      dropped: { unserializable: 3 },
      pending: 0,
    })
  })

  test('costs that event only when options themselves throw', async () => {
    const airhop = openPage()
    const options = {
      get messageId(): string {
        throw new Error('from the getter')
      },
    }
    expect(await airhop.track('bad', {}, options)).toMatchObject({ status: 'dropped', reason: 'unserializable' })
    expect(await airhop.identify('u1', {}, trap as object)).toMatchObject({ status: 'stored' })
    const signed = {
      get signature(): string {
        throw new Error('from the getter')
      },
    }
    expect(await airhop.identify('u1', {}, signed)).toMatchObject({ status: 'stored' })
    expect(await airhop.identify('u1', {}, { signature: cycle as any })).toMatchObject({ status: 'stored' })
  })

  test('is not sent above 32 KiB, counted in UTF-8, and is named event_too_large', async () => {
    const airhop = openPage()
    const result = await airhop.track('big', { text: 'é'.repeat(16_384) })
    expect(result).toMatchObject({ status: 'dropped', reason: 'event_too_large' })
    expect(await airhop.track('fits', { text: 'é'.repeat(16_200) })).toMatchObject({ status: 'stored' })
    expect(await namesSent(airhop)).toEqual(['fits', 'last'])
    expect(airhop.stats().dropped).toEqual({ event_too_large: 1 })
  })
})

describe('what a call gives back', () => {
  test('stored, once the server has answered for it, with the id that was sent', async () => {
    const result = await openPage().track('x')
    expect(result).toMatchObject({ status: 'stored', messageId: (await one()).messageId })
    expect(result.messageId).toMatch(/./)
  })

  test('saved, when the page goes before there was an answer, and the event is kept', async () => {
    const key = newKey()
    const beacon = vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true)
    const result = openPage({ key }).track('x')
    closePage()
    expect(await result).toMatchObject({ status: 'saved' })
    expect(beacon).toHaveBeenCalledTimes(1)
    expect(kept(key)).toHaveLength(1)
  })

  test('a trailing callback is called once with the same, wherever the arguments end', async () => {
    const airhop = openPage()
    const callbacks = Array.from({ length: 7 }, () => vi.fn())
    const [a, b, c, d, e, f, g] = callbacks as any[]
    const results = await Promise.all([
      airhop.track('x', {}, {}, a),
      (airhop.track as any)('x', b),
      airhop.identify('u1', {}, {}, c),
      (airhop.identify as any)({ a: 1 }, d),
      (airhop.page as any)(e),
      (airhop.group as any)('acme', {}, f),
      (airhop.track as any)('', g),
    ])
    await vi.waitFor(() => expect(g).toHaveBeenCalled(), 15_000)
    callbacks.forEach((callback, index) => {
      expect(callback.mock.calls).toEqual([[results[index]]])
    })
  })

  test('a callback or listener that throws harms nothing but itself', async () => {
    const thrown: unknown[] = []
    const note = (error: unknown) => thrown.push(error)
    process.on('uncaughtException', note)
    const handlers = process.listeners('uncaughtException').filter((handler) => handler !== note)
    for (const handler of handlers) process.off('uncaughtException', handler)
    try {
      const airhop = openPage()
      const fail = () => {
        throw new Error('of the page')
      }
      const second = vi.fn()
      airhop.on('delivered', fail)
      airhop.on('delivered', second)
      expect(await airhop.track('x', {}, {}, fail)).toMatchObject({ status: 'stored' })
      expect(await airhop.track('y')).toMatchObject({ status: 'stored' })
      await vi.waitFor(() => expect(thrown).toHaveLength(3), 15_000)
      expect(second).toHaveBeenCalledTimes(2)
    } finally {
      process.off('uncaughtException', note)
      for (const handler of handlers) process.on('uncaughtException', handler)
    }
  })
})

describe('ready, on, push, debug', () => {
  test('ready calls back once, and not before it returns', async () => {
    const airhop = openPage()
    const callback = vi.fn()
    airhop.ready(callback)
    expect(callback).not.toHaveBeenCalled()
    await airhop.track('x')
    expect(callback).toHaveBeenCalledTimes(1)
  })

  test('on tells of each fate by its name, until it is unsubscribed', async () => {
    const airhop = openPage()
    const told: string[] = []
    const offs = (['delivered', 'rejected', 'dropped'] as const).map((fate) =>
      airhop.on(fate, ({ messageId, reason }) =>
        told.push([fate, reason, messageId && 'id'].filter(Boolean).join(' ')),
      ),
    )
    await airhop.track('x')
    await airhop.track('')
    await airhop.track('x', { n: 1n })
    await vi.waitFor(() => expect(told).toHaveLength(3), 15_000)
    expect(told.map((line) => line.replace(/ id$/, ''))).toEqual([
      'delivered',
      'rejected missing_event',
      'dropped unserializable',
    ])
    expect(told[0]).toBe('delivered id')
    for (const off of offs) off()
    await airhop.track('y')
    await airhop.flush()
    expect(told).toHaveLength(3)
  })

  test('push takes calls as arrays, at any time, and leaves alone what is no call', async () => {
    const airhop = openPage()
    airhop.push(['identify', 'u1'], ['track', 'a', { n: 1 }])
    airhop.push(['no such method', 1])
    airhop.push(['track', 'b'])
    const events = await collector.events(3)
    expect(events.map(({ type, event, userId }) => [type, event, userId])).toEqual([
      ['identify', undefined, 'u1'],
      ['track', 'a', 'u1'],
      ['track', 'b', 'u1'],
    ])
  })

  test('what is no call in a queue costs itself only, and arguments as they are passed on are a call', async () => {
    const airhop = openPage()
    const push = airhop.push as (...calls: unknown[]) => void
    const passOn = (..._rest: unknown[]) => {}
    expect(() => push(null, 5, 'track', {}, passOn, ['VERSION'], ['__proto__'], ['push', null])).not.toThrow()
    ;(function (..._rest: unknown[]) {
      // biome-ignore lint/complexity/noArguments: as older snippets do
      push(arguments)
    })('track', 'passed on')
    push(['track', 'last'])
    expect((await collector.events(2)).map(({ event }) => event)).toEqual(['passed on', 'last'])
  })

  test('flush takes null, and ready nothing', async () => {
    const airhop = openPage()
    const callback = vi.fn()
    expect(await airhop.flush(null)).toBe(0)
    expect(() => airhop.ready()).not.toThrow()
    expect(() => airhop.ready(null)).not.toThrow()
    airhop.ready(callback)
    await vi.waitFor(() => expect(callback).toHaveBeenCalledTimes(1))
  })

  test('methods work without their object', async () => {
    const { track, identify, user } = openPage()
    identify('u1')
    expect((await track('x')).status).toBe('stored')
    expect(user().id()).toBe('u1')
  })

  test('debug writes one line per event, per request and per loss, and nothing without it', async () => {
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {})
    const airhop = openPage()
    await airhop.track('quiet')
    expect(debug).not.toHaveBeenCalled()
    airhop.debug()
    const { messageId } = await airhop.track('loud')
    await airhop.track('lost', { n: 1n })
    const lines = debug.mock.calls.map((parts) => parts.map((part) => JSON.stringify(part)).join(' '))
    expect(lines.filter((line) => line.includes('loud') && line.includes(messageId))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('request'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('unserializable'))).toHaveLength(1)
    airhop.debug(false)
    debug.mockClear()
    await airhop.track('quiet again')
    expect(debug).not.toHaveBeenCalled()
  })

  test('a console.debug that throws, or is not there, costs no event', async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {
      throw new Error('a test lets nothing be said')
    })
    const airhop = openPage({ debug: true })
    expect(await airhop.track('said')).toMatchObject({ status: 'stored' })
    expect(await airhop.track('')).toMatchObject({ reason: 'missing_event' })
    expect(await airhop.track('still works')).toMatchObject({ status: 'stored' })
  })

  test('the option debug does the same from the start', async () => {
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {})
    await openPage({ debug: true }).track('loud')
    expect(debug.mock.calls.flat()).toContain('loud')
  })
})

describe('createAirhop', () => {
  test('gives the same instance for the same key, and another for another', () => {
    const key = newKey()
    expect(openPage({ key })).toBe(openPage({ key }))
    expect(openPage({ key })).not.toBe(openPage())
  })

  test('posts text/plain to the host with its path prefix, whether it ends in a slash or not', async () => {
    for (const host of ['https://ingest.test', 'https://ingest.test/']) await openPage({ host }).track('x')
    expect(collector.requests).toHaveLength(2)
    for (const { contentType, envelopes } of collector.requests) {
      expect(contentType).toMatch(/^text\/plain/)
      expect(envelopes[0]!.writeKey).toMatch(/^wk_test_/)
      expect(new Date(envelopes[0]!.sentAt).toISOString()).toBe(envelopes[0]!.sentAt)
    }
  })
})
