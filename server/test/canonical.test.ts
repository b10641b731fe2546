import { expect, test } from 'vitest'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const KEY = { authorization: `Bearer ${WRITE_KEY}` }

async function storedOf(body: unknown, headers: Record<string, string> = KEY) {
  const server = await startHere()
  const response = await server.post('/ingest/v1/batch', body, headers)
  expect(response.status).toBe(200)
  return server.stored()
}

test('an id may be a number; null, empty and blank are none', async () => {
  const ids = [0, -1.5, null, '', '  ', '0']
  const batch = ids.map((userId) => ({ type: 'page', userId, anonymousId: 7 }))
  const stored = await storedOf({ batch })
  expect(stored.map(({ userId }) => userId)).toEqual(['0', '-1.5', null, null, null, '0'])
  expect(stored.every(({ anonymousId }) => anonymousId === '7')).toBe(true)
})

test('an id that was rounded because it is a number over 2^53 is said to be', async () => {
  const server = await startHere()
  const call = '"type":"group","anonymousId":9007199254740991,"userId":175928847299117063,"groupId":-9007199254740993'
  await server.post('/ingest/v1/batch', `{"batch":[{${call}}]}`)
  await server.post('/ingest/v1/posthog/e', '{"event":"e","distinct_id":175928847299117063,"uuid":"1"}')
  const rounded = (field: string, to: string) =>
    `\`${field}\` is a number over 2^53 and was rounded to ${to}: send it as a string`
  expect(await server.stored()).toMatchObject([
    {
      userId: '175928847299117060',
      groupId: '-9007199254740992',
      warnings: [rounded('userId', '175928847299117060'), rounded('groupId', '-9007199254740992')],
    },
    { userId: '175928847299117060', warnings: [rounded('userId', '175928847299117060')] },
  ])
})

test('what an envelope says stands under each call that does not say otherwise', async () => {
  const [plain, other, group] = await storedOf({
    anonymousId: 'a',
    userId: 'u',
    groupId: 'g',
    sentAt: '2026-11-21T00:00:00Z',
    context: { page: { path: '/' }, locale: 'en' },
    integrations: { All: true, Mixpanel: false },
    batch: [
      { type: 'track', event: 'e', userId: '' },
      {
        type: 'track',
        event: 'e',
        userId: 'other',
        anonymousId: 'b',
        context: { page: { title: 't' }, groupId: 'h' },
        integrations: { Mixpanel: true },
      },
      { type: 'group', groupId: 'new' },
    ],
  })
  expect(plain).toMatchObject({
    userId: 'u',
    anonymousId: 'a',
    sentAt: '2026-11-21T00:00:00.000Z',
    context: { page: { path: '/' }, locale: 'en', groupId: 'g' },
    integrations: { All: true, Mixpanel: false },
  })
  expect(other).toMatchObject({
    userId: 'other',
    anonymousId: 'b',
    context: { page: { title: 't' }, locale: 'en', groupId: 'h' },
    integrations: { All: true, Mixpanel: true },
  })
  expect(group!.groupId).toBe('new')
  expect(group!.context).not.toHaveProperty('groupId')
})

test('each type has its fields, and nothing that is not known', async () => {
  const shared = { userId: 'u', messageId: 'm', _metadata: { a: 1 }, writeKey: 'x', somethingElse: 1 }
  const types = ['identify', 'track', 'page', 'screen', 'group', 'alias']
  const batch = types.map((type) => ({ ...shared, type, event: 'e', groupId: 'g', previousId: 'p', messageId: type }))
  const common = [
    'type messageId source userId anonymousId context originalTimestamp sentAt timestamp receivedAt verified',
  ]
  const own = { track: 'event properties', page: 'name category properties', screen: 'name category properties' }
  const others = { identify: 'traits', group: 'groupId traits', alias: 'previousId' }
  for (const event of await storedOf({ batch })) {
    const fields = [...common, { ...own, ...others }[event.type as string]].join(' ').split(' ')
    expect(Object.keys(event).sort()).toEqual(fields.sort())
  }
})

test('an identify without traits takes those of its context', async () => {
  const context = { traits: { plan: 'pro' } }
  const stored = await storedOf({
    batch: [
      { type: 'identify', userId: 'u', context },
      { type: 'identify', userId: 'u', context, traits: {} },
      { type: 'identify', userId: 'u', context, traits: { a: null } },
    ],
  })
  expect(stored.map(({ traits }) => traits)).toEqual([{ plan: 'pro' }, { plan: 'pro' }, { a: null }])
})

test('name and category fall back to the properties', async () => {
  const stored = await storedOf({
    batch: [
      { type: 'page', userId: 'u', properties: { name: 'Home', category: 'Docs' } },
      { type: 'screen', userId: 'u', name: 'Own', properties: { name: 'Home' } },
    ],
  })
  expect(stored).toMatchObject([
    { name: 'Home', category: 'Docs', properties: { name: 'Home', category: 'Docs' } },
    { name: 'Own', category: null },
  ])
})

test('bags are kept exactly as sent', async () => {
  const properties = { b: null, a: { c: [1, '2', null, { d: '' }] }, 'key with space': '👩‍💻', n: -0.5 }
  const [event] = await storedOf({ batch: [{ type: 'track', userId: 'u', event: 'e', properties }] })
  expect(JSON.stringify(event!.properties)).toBe(JSON.stringify(properties))
})

test('the address and browser of a page are those of its user; a server is nobody', async () => {
  const batch = [
    { type: 'page', userId: 'u' },
    { type: 'page', userId: 'u', context: { ip: '1.2.3.4' } },
  ]
  const agent = { ...KEY, 'user-agent': 'Browser/1' }
  const fromPage = await storedOf({ batch }, { ...agent, origin: 'https://a.example' })
  expect(fromPage.map(({ context }) => context)).toEqual([
    { ip: '127.0.0.1', userAgent: 'Browser/1' },
    { ip: '1.2.3.4', userAgent: 'Browser/1' },
  ])
  expect((await storedOf({ batch }, agent)).map(({ context }) => context)).toEqual([{}, { ip: '1.2.3.4' }])
})
