import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ADMIN_TOKEN, CHURNKEY_API_KEY, CHURNKEY_APP_ID, HOGSEND_KEY, SERVER_TOKEN, WRITE_KEY } from './keys.ts'
import { EVERY_KEY, startHere } from './server-under-test.ts'

type Server = Awaited<ReturnType<typeof startHere>>

const start = () => startHere({ workspace: EVERY_KEY })

const answered = async (response: Promise<Response>) => (await (await response).json()) as any

/** By `LZString.compressToBase64` of lz-string 1.5.0. */
const PACKED =
  'N4IghgDglg+g1gUwJ4gFwgO5xgFwQZxxABoQAjMHAYwAs0BtUBANwQDsj0B5CdhAExIgArsKiD0ARiH8ohKGyo4Y4tOGmkIAJwD2vLTi' +
  'gE0oPAA9OIACcACQLwbgAL2bgLhBA3CCA5EEDiIC4/e3XoTY0SVIAEm0dKgJ8GH18HTZY3QAzKAAbBDRksDT8BABffOImVg41Hj5BUlF' +
  'VdAAmGTlDRWVakQ0QCP1DY1RTBAs1MGGR0bHx0ZBCgF1SPI4YSjU6gAY6gDYAWklJTbrJABVJFdQVk7OAOjOVgC0poA='

/** So many blanks as lz-string packs them: the character, and then the word that is being made, again and again. */
function runOf(chars: number): string {
  const bits: number[] = []
  const write = (number: number, width: number) => {
    for (let place = 0; place < width; place += 1) bits.push((number >> place) & 1)
  }
  write(0, 2)
  write(32, 8)
  for (let [code, width, length, written] = [4, 3, 2, 1]; written < chars; written += length, length += 1, code += 1) {
    if (code + 1 > 2 ** width) width += 1
    write(code, width)
  }
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return bits.join('').replace(/.{1,6}/g, (six) => alphabet[Number.parseInt(six.padEnd(6, '0'), 2)]!)
}

describe('PostHog', () => {
  const post = (server: Server, body: unknown, path = '') =>
    answered(server.post(`/ingest/v1/posthog${path}`, body, { authorization: `Bearer ${WRITE_KEY}` }))

  test('every way in which a body is wrapped comes to the same', async () => {
    const server = await start()
    const bodyOf = (uuid: string) =>
      JSON.stringify({ api_key: WRITE_KEY, event: 'e', distinct_id: 'u', uuid, properties: { a: 'ä+ /?' } })
    const base64 = (body: Buffer | string) => Buffer.from(body).toString('base64')
    const wraps: [string, (body: string) => string | Buffer][] = [
      ['/e/', (body) => body],
      ['/e', (body) => gzipSync(body)],
      ['/e/?compression=gzip-js', (body) => gzipSync(body)],
      ['/e/?compression=base64', (body) => `data=${encodeURIComponent(base64(body))}`],
      ['/capture/', (body) => `data=${base64(body)}&compression=base64`],
      ['/capture', (body) => `data=${encodeURIComponent(body)}`],
      ['/i/v0/e/', (body) => `data=${encodeURIComponent(base64(gzipSync(body)))}`],
      ['/e/?ip=1&_=1795226052864&ver=1.20.0', (body) => `ip=1&ver=1.20.0&data=${encodeURIComponent(base64(body))}`],
      ['/e/', (body) => `data=${Buffer.from(body).toString('base64url')}`],
      ['/e/?compression=base64', (body) => base64(body)],
      ['/e/', (body) => base64(gzipSync(body))],
      ['/batch/', (body) => `{"api_key":"${WRITE_KEY}","batch":[${body}]}`],
      ['/batch', (body) => `[${body}]`],
    ]
    for (const [at, [path, wrap]] of wraps.entries()) {
      const response = await server.post(`/ingest/v1/posthog${path}`, wrap(bodyOf(`id-${at}`)), {})
      expect(await response.json(), path).toMatchObject({ received: 1, accepted: 1 })
    }
    const events = await server.stored()
    expect(events.map(({ messageId }) => messageId)).toEqual(wraps.map((_, at) => `posthog:id-${at}`))
    for (const event of events) expect(event).toMatchObject({ userId: 'u', event: 'e', properties: { a: 'ä+ /?' } })
  })

  test('what lz-string has packed is read, as posthog-js-lite and older versions of posthog-react-native send it', async () => {
    const server = await start()
    const form = (packed: string) => `data=${encodeURIComponent(packed)}&compression=lz64`
    const url = '/ingest/v1/posthog/e/?ip=1&_=1795226052864&v=2.11.3'
    const taken = await server.post(url, form(PACKED), { 'content-type': 'application/x-www-form-urlencoded' })
    expect(await taken.json()).toMatchObject({ received: 2, accepted: 2 })
    expect(await server.stored()).toMatchObject([
      { messageId: 'posthog:1', anonymousId: 'a1', event: 'Opened', properties: { text: 'ä 🚀 ключ ключ ключ', n: 1 } },
      { messageId: 'posthog:2', userId: 'u1', event: 'Opened', properties: { text: 'aaaaaaaaaaaaaaaaaaaaaaaaa' } },
    ])
    for (const broken of [PACKED.slice(0, -40), PACKED.slice(8), '', 'Q', '%', '====', 'hello there']) {
      const refused = await server.post(url, form(broken), {})
      expect([refused.status, ((await refused.json()) as any).error.code], broken).toEqual([400, 'malformed_json'])
    }
    const bomb = await server.post(url, form(runOf(5_000_000)), {})
    expect([bomb.status, ((await bomb.json()) as any).error.code]).toEqual([413, 'payload_too_large'])
  })

  test('a client that leaves the path of its host away finds its batches taken', async () => {
    const server = await start()
    const batch = [{ event: 'e', distinct_id: 'u', uuid: '1', type: 'capture', library: 'posthog-ruby' }]
    expect(await answered(server.post('/batch/', { api_key: WRITE_KEY, batch }, {}))).toMatchObject({ accepted: 1 })
    expect(await server.stored()).toMatchObject([{ source: 'posthog', messageId: 'posthog:1', userId: 'u' }])
  })

  test('a clock is corrected by when the sender says that it sent, wherever it says so', async () => {
    const server = await start()
    const hourMs = 3_600_000
    const sentMs = Date.now() + 10 * hourMs
    const iso = (ms: number) => new Date(ms).toISOString()
    const event = (name: string, more: object = {}) => {
      return { event: name, distinct_id: 'u', timestamp: iso(sentMs - hourMs), ...more }
    }
    await post(server, event('in the URL'), `/e/?ip=1&_=${sentMs}&ver=1.100.0`)
    await post(server, event('in seconds'), `/e/?_=${Math.floor(sentMs / 1000)}`)
    await post(server, { batch: [event('in the batch')], sent_at: iso(sentMs) }, '/e/?_=1700000000000')
    await post(server, { batch: [event('as created_at')], created_at: iso(sentMs) }, '/i/v1/analytics/events')
    const again = { batch: [event('sent again')], created_at: iso(sentMs - 3 * hourMs), api_key: WRITE_KEY }
    const retry = { 'posthog-request-timestamp': iso(sentMs), 'posthog-attempt': '2' }
    await server.post('/ingest/v1/posthog/i/v1/analytics/events', again, retry)
    await post(server, { batch: [event('ignored', { properties: { $ignore_sent_at: true } })], sent_at: iso(sentMs) })
    await post(server, event('edited', { created_at: iso(sentMs - 5 * hourMs) }))
    await post(server, event('ago', { offset: 2 * hourMs }), `/e/?_=${sentMs}`)
    const hoursAgo = (await server.stored()).map(({ event, timestamp, receivedAt }: any) => {
      return [event, Math.round((Date.parse(receivedAt) - Date.parse(timestamp)) / hourMs)]
    })
    expect(hoursAgo).toEqual([
      ['in the URL', 1],
      ['in seconds', -9],
      ['in the batch', 1],
      ['as created_at', 1],
      ['sent again', 1],
      ['ignored', -9],
      ['edited', -9],
      ['ago', 2],
    ])
  })

  test('the newest form says beside the properties what the others say among them', async () => {
    const server = await start()
    const event = { event: 'e', distinct_id: 'a1', uuid: '1', session_id: 's1', properties: { a: 1 } }
    const batch = [
      { ...event, options: { process_person_profile: false } },
      { ...event, uuid: '2', options: {} },
    ]
    const answer = await post(server, { created_at: '2026-11-21T10:00:00Z', batch }, '/i/v1/analytics/events')
    expect(answer).toMatchObject({ accepted: 2, results: {} })
    expect(await server.stored()).toMatchObject([
      { messageId: 'posthog:1', anonymousId: 'a1', userId: null, properties: { a: 1 }, context: { sessionId: 's1' } },
      { messageId: 'posthog:2', anonymousId: null, userId: 'a1' },
    ])
  })

  test('what an older posthog-js sets of a person has no name and says its key as `$token`', async () => {
    const server = await start()
    const body = { $set: { plan: 'pro', $os: 'Linux' }, $token: WRITE_KEY, $distinct_id: 'u1' }
    const form = `data=${encodeURIComponent(Buffer.from(JSON.stringify(body)).toString('base64'))}`
    const response = await server.post('/ingest/v1/posthog/engage/?ip=1&_=1795270627711&ver=1.20.0', form, {})
    expect(await response.json()).toMatchObject({ received: 1, accepted: 1 })
    expect(await server.stored()).toMatchObject([{ type: 'identify', userId: 'u1', traits: { plan: 'pro' } }])
  })

  test('what is unset may be a list or the keys of an object', async () => {
    const server = await start()
    const common = { event: '$set', distinct_id: 'u' }
    await post(server, [
      { ...common, uuid: '1', $unset: ['plan'] },
      { ...common, uuid: '2', properties: { $unset: { plan: '', $os: '', city: null } } },
    ])
    const traits = (await server.stored()).map((event) => event.traits)
    expect(traits).toEqual([{ plan: null }, { plan: null, city: null }])
  })

  test('an old client says its key in the properties', async () => {
    const server = await start()
    const event = {
      event: 'e',
      properties: { token: WRITE_KEY, distinct_id: 'u', $insert_id: 'i1', $is_identified: false },
    }
    expect(await answered(server.post('/ingest/v1/posthog/e/', [event], {}))).toMatchObject({ accepted: 1 })
    expect(await server.stored()).toMatchObject([
      { messageId: 'posthog:i1', anonymousId: 'u', userId: null, properties: {} },
    ])
  })

  test('what sets traits is an identify before its event; internal events are counted, and only their traits kept', async () => {
    const server = await start()
    const common = { distinct_id: 'u', timestamp: '2025-03-15T14:30:00Z' }
    const batch = [
      { ...common, uuid: '1', event: 'e', $set: { a: 1, $b: 2 }, $set_once: { c: null, d: 4 }, $unset: ['x', 7] },
      { ...common, uuid: '2', event: '$pageleave' },
      { ...common, uuid: '3', event: '$autocapture', properties: { $set: { f: 1 } } },
      { ...common, uuid: '4', event: '$groupidentify', properties: { $group_type: 'project', $group_key: 'p' } },
      { ...common, uuid: '5', event: '$merge_dangerously', properties: { alias: 'old' } },
    ]
    expect(await post(server, { batch }, '/batch/')).toMatchObject({
      received: 5,
      accepted: 3,
      ignored: 2,
      ignoredReasons: [
        { index: 1, code: 'posthog_internal_event' },
        { index: 3, code: 'group_type_not_account' },
      ],
    })
    expect(await server.stored()).toMatchObject([
      { messageId: 'posthog:1#set', type: 'identify', traits: { a: 1, x: null }, traitsOnce: { d: 4 } },
      { messageId: 'posthog:1', type: 'track' },
      { messageId: 'posthog:3#set', type: 'identify', traits: { f: 1 } },
      { messageId: 'posthog:5', type: 'alias', userId: 'u', previousId: 'old' },
    ])
  })

  test('a group without properties is one without traits, also where an empty map is written `[]` as in PHP', async () => {
    const server = await start()
    const groups = [[], {}, null].map(($group_set, at) => {
      const properties = { $group_type: 'company', $group_key: 'acme', $group_set, $lib: 'posthog-php' }
      return { event: '$groupidentify', distinct_id: '$company_acme', uuid: `${at}`, properties }
    })
    const answer = await post(server, { batch: groups }, '/batch/')
    expect(answer).toMatchObject({ received: 3, accepted: 3, rejected: 0 })
    const stored = (await server.stored()).map(({ type, groupId, userId, traits }: any) => [
      type,
      groupId,
      userId,
      traits,
    ])
    expect(stored).toEqual(Array(3).fill(['group', 'acme', null, {}]))
  })

  test('who becomes a user on a page without cookies was not everybody who came without', async () => {
    const server = await start()
    const cookieless = '$posthog_cookieless'
    const page = { $cookieless_mode: true, $device_id: null, $is_identified: false }
    await post(server, [
      { event: 'Visited', uuid: '1', properties: { ...page, distinct_id: cookieless } },
      { event: '$identify', uuid: '2', properties: { distinct_id: 'u1', $anon_distinct_id: cookieless } },
      { event: '$identify', uuid: '3', properties: { distinct_id: 'u2', $anon_distinct_id: 'a2' } },
    ])
    const ids = (await server.stored()).map(({ userId, anonymousId }) => [userId, anonymousId])
    expect(ids).toEqual([
      [null, cookieless],
      ['u1', null],
      ['u2', 'a2'],
    ])
  })

  test('a webhook may be set to POST, PUT and PATCH', async () => {
    const server = await start()
    const headers = { authorization: `Bearer ${WRITE_KEY}` }
    for (const method of ['POST', 'PUT', 'PATCH']) {
      const body = JSON.stringify({ event: { uuid: method, event: 'e', distinct_id: 'u' }, person: { properties: {} } })
      expect((await fetch(`${server.url}/ingest/v1/posthog`, { method, headers, body })).status, method).toBe(200)
    }
    const ids = (await server.stored()).map(({ messageId }) => messageId)
    expect(ids).toEqual(['posthog:POST', 'posthog:PUT', 'posthog:PATCH'])
  })

  test('what cannot be taken is said by place and code, and costs nothing else', async () => {
    const server = await start()
    const batch = [
      7,
      { event: 'e' },
      { event: 'e', distinct_id: { a: 1 } },
      { event: 'e', distinct_id: 'x'.repeat(600) },
      { distinct_id: 'u' },
      { event: 'good', distinct_id: 7 },
    ]
    const { errors, ...counts } = await post(server, batch)
    expect(counts).toMatchObject({ received: 6, accepted: 1, rejected: 5 })
    expect(errors.map(({ index, code }: any) => [index, code])).toEqual([
      [0, 'invalid_event'],
      [1, 'missing_identity'],
      [2, 'invalid_distinct_id'],
      [3, 'invalid_distinct_id'],
      [4, 'missing_event'],
    ])
    expect(await server.stored()).toMatchObject([{ userId: '7', event: 'good' }])
    expect(await server.rejected()).toHaveLength(5)
  })

  test('a webhook whose body was edited to a flat one is read as well', async () => {
    const server = await start()
    const person = { properties: { email: 'ada@example.com', $initial_os: 'Linux' } }
    await post(server, { event: 'e', distinct_id: 'u', uuid: '1', properties: { a: 1 }, person })
    expect(await server.stored()).toMatchObject([
      { event: 'e', userId: 'u', properties: { a: 1 }, context: { traits: { email: 'ada@example.com' } } },
    ])
  })

  test('a webhook whose body was edited to say a part of the event beside it is read as well', async () => {
    const server = await start()
    const beside = { distinct_id: 'u', properties: { a: 1 }, source: 'posthog' }
    const timestamp = '2025-03-15T14:30:00Z'
    const person = (plan: string) => ({ person: { properties: { plan } } })
    await post(server, { event: { event: 'e', timestamp }, ...beside, ...person('free') })
    await post(server, { event: { event: 'e', timestamp }, ...beside, ...person('pro') })
    await post(server, { event: { event: 'f', distinct_id: 'v' }, ...beside })
    expect(await server.stored()).toMatchObject([
      { event: 'e', userId: 'u', properties: { a: 1 }, timestamp: '2025-03-15T14:30:00.000Z' },
      { event: 'f', userId: 'v', properties: { a: 1 } },
    ])
  })

  test('without an id, an event with a time of its own repeats itself; `offset` says how long ago one was', async () => {
    const server = await start()
    const timed = { event: 'e', distinct_id: 'u', timestamp: '2025-03-15T14:30:00Z' }
    for (let time = 0; time < 2; time += 1) await post(server, timed)
    await post(server, { event: 'ago', distinct_id: 'u', offset: 60_000 })
    const [first, second, ...more] = await server.stored()
    expect(more).toEqual([])
    expect(first!.messageId).toMatch(/^posthog:[0-9a-f]{64}$/)
    const { receivedAt, timestamp } = second as { receivedAt: string; timestamp: string }
    expect(Date.parse(receivedAt) - Date.parse(timestamp)).toBe(60_000)
  })
})

describe('Intercom', () => {
  const contact = { type: 'contact', id: 'c1', external_id: 'u1', role: 'user', email: 'Zoe@Acme.example' }
  const lead = { ...contact, id: 'c2', role: 'lead', external_id: '5c1d' }
  const company = { type: 'company', id: 'i1', company_id: 'acme', name: 'Acme', plan: { name: 'pro' } }
  const thread = {
    type: 'conversation',
    id: 9,
    state: 'open',
    open: true,
    contacts: { type: 'contact.list', contacts: [contact] },
  }
  const u1 = { userId: 'u1', anonymousId: 'intercom:c1' }
  const who = { ...u1, email: 'zoe@acme.example' }

  const cases: [topic: string, item: object, events: object[] | string][] = [
    [
      'contact.created',
      contact,
      [{ type: 'identify', ...who, traits: { email: 'Zoe@Acme.example', role: 'user', intercomId: 'c1' } }],
    ],
    ['contact.email.updated', contact, [{ type: 'identify', ...who }]],
    ['contact.unarchived', contact, [{ type: 'identify', ...who }]],
    [
      'user.updated',
      { type: 'user', id: 'c1', user_id: 'u1', companies: { companies: [{ company_id: 'acme' }] } },
      [{ type: 'identify', ...u1, context: { groupId: 'acme' } }],
    ],
    ['contact.lead.created', lead, [{ type: 'identify', userId: null, anonymousId: 'intercom:c2' }]],
    [
      'contact.added_email',
      { type: 'contact', id: 'c2', user_id: '8f9ef493', anonymous: true, email: 'zoe@acme.example' },
      [{ type: 'identify', userId: null, anonymousId: 'intercom:c2', email: 'zoe@acme.example' }],
    ],
    [
      'contact.tag.created',
      {
        type: 'contact_tag',
        contact: { type: 'contact', id: 'c2', user_id: '8f9ef493', anonymous: true },
        tag: { id: 1 },
      },
      [{ type: 'track', userId: null, anonymousId: 'intercom:c2', properties: { tagId: '1' } }],
    ],
    [
      'conversation.operator.replied',
      {
        ...thread,
        source: { type: 'conversation', author: { type: 'lead', id: 'c2', email: '' } },
        contacts: { contacts: [{ type: 'contact', id: 'c2', external_id: '5e68ece4' }] },
        conversation_parts: { conversation_parts: [{ part_type: 'comment', author: { type: 'bot', id: '96' } }] },
      },
      [
        {
          type: 'track',
          userId: null,
          anonymousId: 'intercom:c2',
          properties: { conversationId: '9', authorType: 'bot' },
        },
      ],
    ],
    [
      'conversation.user.created',
      {
        ...thread,
        source: { author: { type: 'user', id: 'c1', email: 'Zoe@Acme.example' } },
        contacts: { contacts: [{ type: 'contact', id: 'c1', external_id: 'u1' }] },
      },
      [{ type: 'track', ...who }],
    ],
    [
      'conversation.user.replied',
      {
        ...thread,
        source: { author: { type: 'lead', id: 'c2' } },
        contacts: { contacts: [{ type: 'contact', id: 'c1', external_id: 'u1' }] },
      },
      [{ type: 'track', ...u1 }],
    ],
    [
      'conversation.user.replied',
      {
        ...thread,
        contacts: { contacts: [{ type: 'contact', id: 'c7', external_id: 'u7' }, contact] },
        conversation_parts: { conversation_parts: [{ part_type: 'comment', author: { type: 'user', id: 'c1' } }] },
      },
      [{ type: 'track', ...who, properties: { partType: 'comment', authorType: 'user' } }],
    ],
    [
      'conversation.admin.closed',
      {
        ...thread,
        contacts: { contacts: [contact, { type: 'contact', id: 'c7', external_id: 'u7' }] },
        conversation_parts: { conversation_parts: [{ part_type: 'close', author: { type: 'admin', id: '7' } }] },
      },
      [{ type: 'track', ...who, properties: { partType: 'close', authorType: 'admin' } }],
    ],
    [
      'conversation.contact.attached',
      { conversation: { parts: [], model: { id: 215, user_id: 'c9' } }, contact },
      [{ type: 'track', ...who, properties: { conversationId: '215' } }],
    ],
    [
      'ticket.contact.replied',
      {
        type: 'ticket_ticket_part',
        ticket: { id: 't9', ticket_state: { category: 'submitted' }, contacts: { contacts: [contact] } },
        ticket_part: { part_type: 'comment', author: { type: 'user', id: 'c1' } },
      },
      [
        {
          type: 'track',
          ...who,
          properties: { ticketId: 't9', state: 'submitted', partType: 'comment', authorType: 'user' },
        },
      ],
    ],
    [
      'conversation.read',
      { ...thread, contacts: null, customers: [{ type: 'user', id: 'c1' }] },
      [{ type: 'track', userId: null, anonymousId: 'intercom:c1' }],
    ],
    [
      'contact.lead.signed_up',
      contact,
      [
        { type: 'identify', ...who },
        { type: 'track', event: 'intercom.contact.lead.signed_up', messageId: 'intercom:n#track' },
      ],
    ],
    [
      'contact.merged',
      { ...contact, merged_from: { id: 'c2' } },
      [
        { type: 'identify', ...who },
        { type: 'alias', userId: 'u1', previousId: 'intercom:c2', messageId: 'intercom:n#alias' },
      ],
    ],
    ['contact.merged', contact, [{ type: 'identify', ...who }]],
    ['contact.deleted', contact, [{ type: 'track', ...who, event: 'intercom.contact.deleted' }]],
    [
      'contact.user.tag.created',
      { type: 'contact_tag', contact, tag: { id: 't1', name: 'vip' } },
      [{ type: 'track', ...who, properties: { tagId: 't1', tagName: 'vip' } }],
    ],
    [
      'company.updated',
      company,
      [
        {
          type: 'group',
          userId: null,
          anonymousId: null,
          groupId: 'acme',
          traits: { name: 'Acme', plan: 'pro', intercomId: 'i1' },
        },
      ],
    ],
    ['company.created', { type: 'company', id: 'i2' }, [{ type: 'group', groupId: 'intercom:i2' }]],
    [
      'company.contact.attached',
      { type: 'company_contact', company, contact },
      [{ type: 'group', ...who, groupId: 'acme' }],
    ],
    [
      'company.contact.detached',
      { type: 'company_contact', company, contact },
      [{ type: 'track', ...who, properties: { companyId: 'acme', companyName: 'Acme' } }],
    ],
    [
      'conversation.user.replied',
      { ...thread, conversation_parts: { conversation_parts: [{ part_type: 'comment', author: { type: 'user' } }] } },
      [
        {
          type: 'track',
          ...who,
          event: 'intercom.conversation.user.replied',
          properties: { conversationId: '9', state: 'open', open: true, partType: 'comment', authorType: 'user' },
        },
      ],
    ],
    [
      'conversation.rating.added',
      { ...thread, conversation_rating: { rating: 5 }, admin_assignee_id: 3 },
      [{ type: 'track', ...who, properties: { conversationId: '9', rating: 5, assigneeId: '3' } }],
    ],
    [
      'ticket.created',
      { type: 'ticket', id: 't9', ticket_state: 'submitted', contacts: { contacts: [contact] } },
      [{ type: 'track', ...who, properties: { ticketId: 't9', state: 'submitted' } }],
    ],
    [
      'content_stat.banner',
      { type: 'content_stat', contact, content_type: 'banner', content_id: 4 },
      [{ type: 'track', ...who, properties: { contentType: 'banner', contentId: '4' } }],
    ],
    [
      'content_stat.series',
      {
        type: 'content_stat.series',
        created_at: '2022-10-11T15:01:07.000Z',
        content_stat: {
          id: 1,
          content_type: 'series',
          content_id: 4,
          stat_type: 'receipt',
          ruleset_id: 29,
          content_title: 'Welcome',
          series_id: 7,
          series_title: null,
        },
        contact,
      },
      [
        {
          type: 'track',
          ...who,
          properties: {
            contentType: 'series',
            contentId: '4',
            contentTitle: 'Welcome',
            statType: 'receipt',
            rulesetId: '29',
            seriesId: '7',
          },
        },
      ],
    ],
    [
      'user.tag.created',
      {
        type: 'user_tag',
        user: { type: 'user', id: 'c1', user_id: 'u1', companies: { companies: [{ company_id: 'acme' }] } },
        tag: { id: 1, name: 'vip' },
      },
      [{ type: 'track', ...u1, properties: { tagId: '1', tagName: 'vip' }, context: { groupId: 'acme' } }],
    ],
    ['something.new', { contact }, [{ type: 'track', ...who, event: 'intercom.something.new' }]],
    [
      'event.created',
      { type: 'event', event_name: 'e', user_id: 'u1', created_at: 1735787045, metadata: { a: 1 } },
      [{ type: 'track', event: 'e', userId: 'u1', properties: { a: 1 }, timestamp: '2025-01-02T03:04:05.000Z' }],
    ],
    [
      'event.created',
      { type: 'event', event_name: 'e', id: 'c1', created_at: 1735787045 },
      [{ type: 'track', event: 'e', userId: null, anonymousId: 'intercom:c1', properties: {} }],
    ],
    [
      'event.created',
      { type: 'event', event_name: 'e', id: '84ca8d44-8f2e', email: 'Zoe@acme.example' },
      [{ type: 'track', userId: null, anonymousId: null, email: 'zoe@acme.example' }],
    ],
    ['event.created', { type: 'event', event_name: 'e' }, 'no_person'],
    ['conversation.admin.closed', { type: 'conversation', id: 9 }, 'no_person'],
    ['ping', { type: 'ping' }, 'unsupported_topic'],
    ['admin.logged_in', { type: 'admin', id: 1 }, 'unsupported_topic'],
  ]

  test.each(cases)('%s', async (topic, item, expected) => {
    const server = await start()
    const notification = {
      type: 'notification_event',
      id: 'n',
      topic,
      app_id: 'app',
      created_at: 1736482948,
      data: { item },
    }
    const answer = await answered(server.post(`/ingest/v1/intercom?writeKey=${WRITE_KEY}`, notification, {}))
    if (typeof expected === 'string') {
      expect(answer).toMatchObject({ accepted: 0, ignored: 1, ignoredReasons: [{ index: 0, code: expected }] })
    } else {
      expect(answer).toMatchObject({ received: 1, accepted: 1 })
      const events = await server.stored()
      expect(events).toHaveLength(expected.length)
      expect(events).toMatchObject(expected)
    }
  })

  test('what is no notification is counted, and still answered 200', async () => {
    const server = await start()
    for (const body of [7, {}, { topic: 'contact.created' }, { topic: 7, data: { item: {} } }]) {
      const response = await server.post(`/ingest/v1/intercom?writeKey=${WRITE_KEY}`, JSON.stringify(body), {})
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ received: 1, accepted: 0, rejected: 1 })
    }
    expect((await server.rejected()).map(({ message }) => message)).toEqual([
      'A call must be a JSON object; it is 7.',
      'A notification of Intercom must have a `topic`; `topic` is absent.',
      'A notification of Intercom must have an object `data.item`; `data.item` is absent.',
      'A notification of Intercom must have a `topic`; `topic` is 7.',
    ])
  })
})

describe('Hogsend', () => {
  const headers = { authorization: `Bearer ${HOGSEND_KEY}` }
  const send = async (server: Server, method: string, path: string, body?: object, more: object = {}) => {
    const init = { method, headers: { ...headers, ...more }, ...(body && { body: JSON.stringify(body) }) }
    const response = await fetch(server.url + path, init)
    return [response.status, await response.json()] as [number, any]
  }
  const put = async (server: Server, body: object) => (await send(server, 'PUT', '/v1/contacts', body))[1]

  test('created and linked say what happened, also when nothing waits in between', async () => {
    const server = await start()
    expect(await put(server, { email: 'Ada@example.com' })).toEqual({
      id: 'ada@example.com',
      created: true,
      linked: false,
    })
    expect(await put(server, { email: 'ada@example.com' })).toEqual({
      id: 'ada@example.com',
      created: false,
      linked: false,
    })
    expect(await put(server, { userId: 'u1', email: 'ada@example.com' })).toEqual({
      id: 'u1',
      created: false,
      linked: true,
    })
    expect(await put(server, { userId: 'u1', email: 'ada@example.com' })).toEqual({
      id: 'u1',
      created: false,
      linked: false,
    })
    expect(await put(server, { email: 'ada@example.com' })).toEqual({ id: 'u1', created: false, linked: false })
    expect(await put(server, { userId: 'u1', anonymousId: 'a1' })).toEqual({ id: 'u1', created: false, linked: true })
    expect(await put(server, { userId: 'u1', anonymousId: 'a1' })).toEqual({ id: 'u1', created: false, linked: false })
    const both = await Promise.all([1, 2, 3].map(() => put(server, { userId: 'u2' })))
    expect(both.map(({ created }) => created).sort()).toEqual([false, false, true])
  })

  test('finds a contact with its traits as they are now', async () => {
    const server = await start()
    await put(server, { email: 'ada@example.com', properties: { plan: 'free', company: 'Acme' } })
    await put(server, { email: 'ada@example.com', userId: 'u1', properties: { plan: 'pro' } })
    await put(server, { userId: 'u1', properties: { company: null, seats: 3 } })
    for (const query of ['email=ADA@example.com', 'userId=u1']) {
      const [status, { contacts }] = await send(server, 'GET', `/v1/contacts/find?${query}`)
      expect(status).toBe(200)
      expect(contacts).toMatchObject([{ id: 'u1', externalId: 'u1', email: 'ada@example.com' }])
      expect(contacts[0].properties).toEqual({ plan: 'pro', seats: 3 })
    }
    expect(await send(server, 'GET', '/v1/contacts/find?userId=nobody')).toEqual([200, { contacts: [] }])
    expect(await send(server, 'GET', '/v1/contacts/find')).toMatchObject([400, { code: 'missing_identity' }])
  })

  const find = async (server: Server, query: string) =>
    (await send(server, 'GET', `/v1/contacts/find?${query}`))[1].contacts

  test('a contact is the whole person, with what it did before it had an id, and what a context knew of it', async () => {
    const server = await start()
    const said = { anonymousId: 'browser', timestamp: '2026-11-20T10:00:00.000Z' }
    const context = { traits: { city: 'Paris', plan: 'free' } }
    await server.post('/ingest/v1/batch', { batch: [{ ...said, type: 'track', event: 'Visited', context }] })
    await server.processed()
    const visitor = { userId: 'u1', anonymousId: 'browser', properties: { plan: 'pro' } }
    expect(await put(server, visitor)).toEqual({ id: 'u1', created: true, linked: false })
    const [contact] = await find(server, 'userId=u1')
    expect(contact).toMatchObject({ firstSeenAt: said.timestamp, properties: { city: 'Paris', plan: 'pro' } })
    expect(contact.createdAt > said.timestamp && contact.createdAt <= contact.updatedAt).toBe(true)
    expect(contact.lastSeenAt).toBe(contact.updatedAt)
  })

  test("an address is one contact's: a user who comes with another's is a contact without", async () => {
    const server = await start()
    await put(server, { userId: 'u1', email: 'ada@example.com' })
    expect(await put(server, { userId: 'u2', email: 'ada@example.com' })).toEqual({
      id: 'u2',
      created: true,
      linked: false,
    })
    expect(await put(server, { userId: 'u2', email: 'ada@example.com' })).toMatchObject({
      created: false,
      linked: false,
    })
    expect(await find(server, 'email=ada@example.com')).toMatchObject([{ id: 'u1', email: 'ada@example.com' }])
    expect(await find(server, 'userId=u2')).toMatchObject([{ email: null, properties: { email: 'ada@example.com' } }])
    expect(await find(server, 'userId=u2&email=ada@example.com')).toMatchObject([{ id: 'u2' }, { id: 'u1' }])
  })

  test('two contacts become one by an id that both have, and so does a second address', async () => {
    const server = await start()
    const browser = { anonymousId: 'browser' }
    await put(server, { ...browser, email: 'old@example.com' })
    expect(await put(server, { ...browser, email: 'new@example.com' })).toEqual({
      id: 'new@example.com',
      created: false,
      linked: true,
    })
    expect(await put(server, { ...browser, userId: 'u1' })).toEqual({ id: 'u1', created: false, linked: true })
    const [contact, ...others] = await find(server, 'email=old@example.com')
    expect([contact, others]).toMatchObject([{ id: 'u1', email: 'new@example.com', properties: {} }, []])
  })

  test('what a page claims makes nobody a contact and changes no address', async () => {
    const server = await start()
    const email = 'ada@example.com'
    await put(server, { userId: 'u1', email })
    const claims = [
      { type: 'identify', userId: 'u1', traits: { email: 'mallory@evil.example' } },
      { type: 'identify', userId: 'mallory', traits: { email } },
    ]
    await server.post('/ingest/v1/batch', { batch: claims })
    expect(await find(server, `email=${email}`)).toMatchObject([{ id: 'u1', email }])
    expect(await find(server, 'email=mallory@evil.example')).toEqual([])
  })

  test('deletes a contact: the person with all its events, by its id or address, in the body or the URL', async () => {
    const server = await start()
    const ways: [path: string, body?: object][] = [
      ['', { userId: 'u1' }],
      ['', { email: 'Ada@example.com' }],
      ['?userId=u1'],
      ['?email=ada@example.com'],
    ]
    await put(server, { userId: 'u2' })
    const other = await server.stored()
    for (const [query, body] of ways) {
      const answer = await put(server, { userId: 'u1', email: 'ada@example.com', anonymousId: 'browser' })
      expect(answer).toEqual({ id: 'u1', created: true, linked: false })
      await server.post('/ingest/v1/track', { anonymousId: 'browser', event: 'Visited' })
      await server.processed()
      expect(await send(server, 'DELETE', `/v1/contacts${query}`, body)).toEqual([200, { deleted: true }])
      expect(await server.stored(), query).toEqual(other)
      for (const id of ['u1', 'browser', 'ada@example.com']) {
        expect((await server.get(`/api/v1/profiles/${id}`)).status, id).toBe(404)
      }
      expect(await find(server, 'userId=u1&email=ada@example.com')).toEqual([])
      const again = await send(server, 'DELETE', `/v1/contacts${query}`, body)
      expect(again).toEqual([404, { code: 'unknown_profile', error: expect.stringMatching(/`(u1|ada@example.com)`/) }])
    }
    expect(await find(server, 'userId=u2')).toHaveLength(1)
  })

  test('deletes whom the id is of, and nobody who is called the same by another kind of id', async () => {
    const server = await start()
    const email = 'ada@example.com'
    await server.post('/ingest/v1/track', { userId: email, event: 'Paid' })
    await put(server, { email })
    expect(await send(server, 'DELETE', '/v1/contacts', { email })).toEqual([200, { deleted: true }])
    expect(await server.stored()).toMatchObject([{ userId: email, event: 'Paid' }])
    expect(await send(server, 'DELETE', '/v1/contacts', { email })).toMatchObject([404, { code: 'unknown_profile' }])

    await server.post('/ingest/v1/track', { userId: 'browser', event: 'Paid' })
    await put(server, { email, anonymousId: 'browser' })
    expect(await send(server, 'DELETE', '/v1/contacts', { email })).toEqual([200, { deleted: true }])
    expect(await server.stored()).toMatchObject([{ userId: email }, { userId: 'browser' }])
  })

  test('only a key with the scope may delete, and only what is named', async () => {
    const hogsendKeys = [...EVERY_KEY.hogsendKeys!, { key: 'hsk_reads', scopes: ['read'] }]
    const server = await startHere({ workspace: { ...EVERY_KEY, hogsendKeys } })
    await put(server, { userId: 'u1' })
    const cases: [authorization: string, status: number, code: string][] = [
      ['', 401, 'missing_api_key'],
      ['Bearer hsk_unknown', 401, 'invalid_api_key'],
      [`Bearer ${WRITE_KEY}`, 401, 'invalid_api_key'],
      [`Bearer ${ADMIN_TOKEN}`, 401, 'invalid_api_key'],
      ['Bearer hsk_reads', 403, 'forbidden_scope'],
    ]
    for (const [authorization, status, code] of cases) {
      const answer = await send(server, 'DELETE', '/v1/contacts', { userId: 'u1' }, { authorization })
      expect(answer, authorization).toEqual([status, { code, error: expect.any(String) }])
    }
    for (const [body, code] of [
      [{}, 'missing_identity'],
      [{ anonymousId: 'a' }, 'missing_identity'],
      [{ email: 'nobody' }, 'invalid_email'],
      [{ userId: {} }, 'invalid_user_id'],
    ] as const) {
      expect(await send(server, 'DELETE', '/v1/contacts', body)).toMatchObject([400, { code }])
    }
    expect(await server.stored()).toHaveLength(1)
  })

  test('an idempotency key stores an event once, whatever the number of tries at the same time', async () => {
    const server = await start()
    const event = { name: 'paid', userId: 'u1', idempotencyKey: 'in the body', value: 12.5, currency: 'eur' }
    const tries = await Promise.all([1, 2, 3, 4].map(() => send(server, 'POST', '/v1/events', event)))
    expect(tries.map(([status]) => status)).toEqual([202, 202, 202, 202])
    expect(tries.map(([, { stored }]) => stored).sort()).toEqual([false, false, false, true])
    expect(tries[0]![1].exits).toEqual([])
    const more = { 'idempotency-key': 'in the header' }
    expect(await send(server, 'POST', '/v1/events', event, more)).toEqual([202, { stored: true, exits: [] }])
    for (let time = 0; time < 2; time += 1) {
      expect(await send(server, 'POST', '/v1/events', { name: 'seen', userId: 'u1' })).toEqual([
        202,
        { stored: true, exits: [] },
      ])
    }
    const events = await server.stored()
    expect(events.map(({ messageId }) => messageId)).toEqual([
      'hogsend:in the body',
      'hogsend:in the header',
      expect.stringMatching(/^gen-/),
      expect.stringMatching(/^gen-/),
    ])
    expect(events[0]).toMatchObject({ value: 12.5, currency: 'EUR' })
  })

  test('an idempotency key that is blank is none: the event is stored', async () => {
    const server = await start()
    const event = { name: 'paid', userId: 'u1' }
    const blank = { 'idempotency-key': '' }
    expect(await send(server, 'POST', '/v1/events', event, blank)).toEqual([202, { stored: true, exits: [] }])
    const keyed = { ...event, idempotencyKey: 'in the body' }
    expect(await send(server, 'POST', '/v1/events', keyed, blank)).toEqual([202, { stored: true, exits: [] }])
    expect((await server.stored()).map(({ messageId }) => messageId)).toEqual([
      expect.stringMatching(/^gen-/),
      'hogsend:in the body',
    ])
  })

  test('an event that comes again is not stored, whatever it says of its contact, and changes nothing', async () => {
    const server = await start()
    const event = { name: 'paid', userId: 'u1', idempotencyKey: 'k' }
    const again = { ...event, contactProperties: { plan: 'pro' } }
    expect(await send(server, 'POST', '/v1/events', event)).toMatchObject([202, { stored: true }])
    expect(await send(server, 'POST', '/v1/events', again)).toMatchObject([202, { stored: false }])
    expect(await server.stored()).toMatchObject([{ type: 'track', messageId: 'hogsend:k' }])
  })

  test('refusals are in the form that its client shows', async () => {
    const server = await start()
    const cases: [string, string, object, string][] = [
      ['POST', '/v1/events', { name: 'e', anonymousId: 'a' }, 'missing_identity'],
      ['POST', '/v1/events', { userId: 'u' }, 'missing_event'],
      ['POST', '/v1/events', { name: 'e', userId: 'u', eventProperties: 'x' }, 'invalid_properties'],
      ['POST', '/v1/events', { name: 'e', userId: 'u', contactProperties: [] }, 'invalid_traits'],
      ['PUT', '/v1/contacts', { email: 'nobody' }, 'invalid_email'],
      ['PUT', '/v1/contacts', { userId: {} }, 'invalid_user_id'],
      ['POST', '/v1/groups', { groupType: 'company' }, 'missing_group_id'],
    ]
    for (const [method, path, body, code] of cases) {
      const [status, answer] = await send(server, method, path, body)
      expect([status, answer], code).toEqual([400, { error: expect.any(String), code }])
    }
    expect(await server.stored()).toEqual([])
  })

  test('a group is an account where its type is one', async () => {
    const server = await start()
    const acme = { groupType: 'company', groupKey: 'acme', displayName: 'Acme', properties: { plan: 'pro' } }
    const group = { id: 'acme', groupType: 'company', groupKey: 'acme', displayName: 'Acme' }
    expect(await send(server, 'POST', '/v1/groups', acme)).toEqual([200, { group }])
    const [status, answer] = await send(server, 'POST', '/v1/groups', { ...acme, groupType: 'project' })
    expect([status, answer.ignored]).toEqual([200, 1])
    await send(server, 'POST', '/v1/events', { name: 'e', userId: 'u', groups: { company: 'acme', project: 'p' } })
    expect(await server.stored()).toMatchObject([
      { type: 'group', groupId: 'acme', userId: null, traits: { name: 'Acme', plan: 'pro' } },
      { type: 'track', context: { groupId: 'acme', groups: { company: 'acme', project: 'p' } } },
    ])
  })
})

test('Hyperengage: the older form, page views, and what is wrong of one event', async () => {
  const server = await start()
  const post = (body: unknown) => answered(server.post(`/api/v1/s2s/event?token=${SERVER_TOKEN}`, body, {}))
  const eventn_ctx = {
    user: { anonymous_id: 'a1', id: 'u1' },
    utc_time: '2025-11-21T01:59:07.311Z',
    url: 'https://a.example/',
  }
  expect(await post({ event_type: 'seen', eventn_ctx, plan: 'pro', properties: { plan: 'max', n: 1 } })).toMatchObject({
    accepted: 1,
  })
  expect(
    await post({ event_type: 'pageview', anonymous_id: 'a1', page_title: 'Pricing', doc_path: '/p' }),
  ).toMatchObject({ accepted: 1 })
  expect(await post({ event_type: 'user_identify', anonymous_id: 'a1' })).toMatchObject({
    error: { code: 'missing_user_id' },
  })
  expect(await post({ event_type: 'account_identify', user_id: 'u' })).toMatchObject({
    error: { code: 'missing_group_id' },
  })
  expect(await post({ user_id: 'u' })).toMatchObject({ error: { code: 'missing_event' } })
  expect(await server.stored()).toMatchObject([
    {
      type: 'track',
      userId: 'u1',
      anonymousId: 'a1',
      properties: { plan: 'max', n: 1 },
      context: { page: { url: 'https://a.example/' } },
    },
    { type: 'page', name: 'Pricing', properties: {}, context: { page: { path: '/p', title: 'Pricing' } } },
  ])
})

test('Churnkey: a customer without a person of its own is the person; updates say what they lack', async () => {
  const server = await start()
  const headers = { 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID }
  const post = (door: string, body: unknown) => answered(server.post(`/v1/api/events/${door}`, body, headers))
  expect(await post('customer-update', { customerId: 'c1', customerData: { seats: 7 } })).toMatchObject({ accepted: 1 })
  expect(await post('customer-update', { customerId: 'c1' })).toMatchObject({
    error: { code: 'missing_customer_data' },
  })
  expect(await post('customer-update', { customerData: { a: 1 } })).toMatchObject({
    error: { code: 'missing_identity' },
  })
  expect(await post('new', { customerId: 'c1' })).toMatchObject({ error: { code: 'missing_event' } })
  const bulk = [
    { event: 'e', uid: 'u1' },
    { event: 'e', uid: 'u1', customerData: { a: 1 } },
    { event: 'e', uid: 'u1', user: { uid: 'p', data: { a: 1 } } },
  ]
  expect(await post('bulk', bulk)).toMatchObject({
    accepted: 1,
    errors: [
      { index: 1, code: 'data_update_not_allowed', message: expect.stringContaining('`customerData`') },
      { index: 2, code: 'data_update_not_allowed', message: expect.stringContaining('`user.data`') },
    ],
  })
  expect(await post('bulk', {})).toMatchObject({ error: { code: 'invalid_batch' } })
  expect(await server.stored()).toMatchObject([
    { type: 'identify', userId: 'c1', traits: { seats: 7 }, context: { externalIds: { churnkeyCustomerId: 'c1' } } },
    { type: 'track', userId: 'u1' },
  ])
})

test("Segment's webhook: every method, what is bad is counted, and the key of its own source is not taken for ours", async () => {
  const server = await start()
  const call = { type: 'track', userId: 'u', event: 'e', writeKey: 'segment_source_key', _metadata: { bundled: [] } }
  const headers = { authorization: `Bearer ${WRITE_KEY}` }
  for (const method of ['POST', 'PUT', 'PATCH']) {
    const body = JSON.stringify([call, { ...call, userId: null }, 7])
    const response = await fetch(`${server.url}/ingest/v1/segment`, { method, headers, body })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ received: 3, accepted: 1, rejected: 2 })
  }
  const keyless = await server.post('/ingest/v1/segment', call, {})
  expect([keyless.status, ((await keyless.json()) as any).error.code]).toEqual([401, 'missing_write_key'])
  const events = await server.stored()
  expect(events).toHaveLength(3)
  expect(Object.keys(events[0]!)).not.toContain('_metadata')
})

const WITH_TOKEN = `/api/v1/s2s/event?token=${SERVER_TOKEN}`
const WITH_CHURNKEY = { 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID }
const WITH_HOGSEND = { authorization: `Bearer ${HOGSEND_KEY}` }
const LONG = 'x'.repeat(513)

/** What is wrong, and how the sender calls it. */
const NAMED: [method: string, path: string, headers: Record<string, string>, body: object, sentence: RegExp][] = [
  ['POST', WITH_TOKEN, {}, { user_id: 'u' }, /^`event_type` is required/],
  ['POST', WITH_TOKEN, {}, { user_id: 'u', event_type: 7 }, /^`event_type` must be a string; it is 7/],
  ['POST', WITH_TOKEN, {}, { event_type: 'e' }, /^`user_id` or `anonymous_id` is required; both are absent/],
  ['POST', WITH_TOKEN, {}, { event_type: 'e', user_id: {} }, /^`user_id` must be .*512.*; it is an object/],
  ['POST', WITH_TOKEN, {}, { event_type: 'e', anonymous_id: [] }, /^`anonymous_id` must be .*; it is an array/],
  [
    'POST',
    WITH_TOKEN,
    {},
    { event_type: 'e', user_id: 'u', account_id: {} },
    /^`account_id` must be .*; it is an object/,
  ],
  ['POST', WITH_TOKEN, {}, { event_type: 'e', user_id: 'u', account_id: LONG }, /^`account_id` must be .*; it has 513/],
  ['POST', WITH_TOKEN, {}, { event_type: 'user_identify' }, /^`user_id` is required/],
  ['POST', WITH_TOKEN, {}, { event_type: 'account_identify', user_id: 'u' }, /^`account_id` is required/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e' }, /^`customerId` or `uid` is required/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', customerId: {} }, /^`customerId` must be/],
  [
    'POST',
    '/v1/api/events/new',
    WITH_CHURNKEY,
    { event: 'e', customerId: LONG },
    /^`customerId` must be .*; it has 513/,
  ],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', uid: LONG }, /^`uid` must be .*; it has 513/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', uid: 'a', user: { uid: [] } }, /^`user.uid` must be/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', customerEmail: 'x' }, /^`customerEmail` must be .*"x"/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', uid: 'a', eventData: 'x' }, /^`eventData` must be/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', uid: 'a', customerData: 'x' }, /^`customerData` must be/],
  ['POST', '/v1/api/events/new', WITH_CHURNKEY, { event: 'e', uid: 'a', user: { data: [] } }, /^`user.data` must be/],
  [
    'POST',
    '/v1/api/events/new',
    WITH_CHURNKEY,
    { event: 'e', uid: 'a', user: 'u' },
    /^`user` must be a JSON object; it is "u"/,
  ],
  ['POST', '/v1/events', WITH_HOGSEND, { userId: 'u' }, /^`name` is required/],
  ['POST', '/v1/events', WITH_HOGSEND, { name: 'e' }, /^`userId` or `email` is required/],
  ['POST', '/v1/events', WITH_HOGSEND, { name: 'e', userId: 'u', eventProperties: [] }, /^`eventProperties` must be/],
  [
    'POST',
    '/v1/events',
    WITH_HOGSEND,
    { name: 'e', userId: 'u', contactProperties: [] },
    /^`contactProperties` must be/,
  ],
  ['PUT', '/v1/contacts', WITH_HOGSEND, { userId: 'u', properties: 'x' }, /^`properties` must be/],
  ['POST', '/v1/groups', WITH_HOGSEND, { groupKey: 'g' }, /^`groupType` is required/],
  ['POST', '/v1/groups', WITH_HOGSEND, { groupType: 'company' }, /^`groupKey` is required/],
]

test('a refusal names the field as its sender calls it', async () => {
  const server = await start()
  for (const [method, path, headers, body, sentence] of NAMED) {
    const response = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) })
    const { error } = (await response.json()) as any
    expect(response.status, path).toBe(400)
    expect(error.message ?? error, path).toMatch(sentence)
  }
  const posthog = await server.post('/ingest/v1/posthog/e', { event: 'e', api_key: WRITE_KEY }, {})
  const { errors } = (await posthog.json()) as any
  expect(errors[0].message).toMatch(/^`distinct_id` is required; it is absent/)
  expect(await server.stored()).toEqual([])

  await server.post(WITH_TOKEN, { event_type: 'e', user_id: 'u', utc_time: 'soon' }, {})
  await server.post('/v1/api/events/new', { event: 'e', uid: 'u', eventDate: 'May 1' }, WITH_CHURNKEY)
  expect((await server.stored()).map(({ warnings }) => warnings)).toEqual([
    ['`utc_time` is not a time and was not used: "soon"'],
    ['`eventDate` is not a time and was not used: "May 1"'],
  ])
})

test('Hyperengage: what an event knew of its person is kept, also where its name speaks of identifying', async () => {
  const server = await start()
  const said = { user_id: 'u1', traits: { plan: 'pro' } }
  const events = ['seen', 'identify_clicked'].map((event_type) => ({ ...said, event_type }))
  await server.post(`/api/v1/s2s/event?token=${SERVER_TOKEN}`, events, {})
  const context = { traits: { plan: 'pro' } }
  expect(await server.stored()).toMatchObject([
    { event: 'seen', context },
    { event: 'identify_clicked', context },
  ])
})
