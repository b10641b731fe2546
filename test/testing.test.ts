import { expect, test, vi } from 'vitest'
import type { Airhop, Result } from '../src/index.ts'
import { type ReceivedEvent, readEvents } from '../src/received.ts'
import { createTestAirhop } from '../src/testing.ts'
import { openPage, useCollector } from './collector.ts'

const collector = useCollector()

const circle: Record<string, unknown> = {}
circle.self = circle

/** Calls of every kind, with what they are answered. */
const visit = async (airhop: Airhop): Promise<unknown> => {
  const told: unknown[] = []
  const note = ({ status, reason }: Result) => told.push([status, reason])
  const stop = airhop.on('rejected', note)
  airhop.on('dropped', note)
  airhop.on('delivered', note)
  const calls = [
    airhop.page(),
    airhop.page('Docs', 'Install', { section: 'a', title: 'Mine' }),
    airhop.track('viewed', { at: new Date(0), price: 1, left_out: undefined }),
    airhop.track('', { a: 1 }),
    airhop.track('circle', circle),
    airhop.track('huge', { text: 'ü'.repeat(20_000) }),
    airhop.identify('undefined', { a: 1 }),
    airhop.identify(7, { name: 'Ada' }, { signature: 'ab', context: { page: { title: 'T' } } }, note),
    airhop.track('mine', null, { messageId: 'my_id', timestamp: '2020-01-01T00:00:00Z', integrations: { All: true } }),
    airhop.group('', {}),
    airhop.group('acme', { seats: 3 }),
    airhop.track('as_member', {}, {}, note),
    airhop.identify('other'),
    airhop.identify({ theme: 'dark' }),
  ]
  airhop.setAnonymousId('anonymous_1')
  airhop.push(['track', 'pushed', { n: 1 }])
  const known = [airhop.user().id(), airhop.user().groupId(), airhop.user().anonymousId()]
  airhop.reset()
  const forgotten = [airhop.user().id(), airhop.user().groupId()]
  calls.push(airhop.track('after_reset'))
  const left = await airhop.flush()
  const results = await Promise.all(calls)
  airhop.optOut()
  results.push(await airhop.track('refused'))
  const refused = [airhop.optedOut(), airhop.user().anonymousId()]
  airhop.optIn()
  results.push(await airhop.track('again'))
  await airhop.flush()
  stop()
  await new Promise((resolve) => setTimeout(resolve))
  const ids = results.map(({ messageId }) => (messageId === 'my_id' ? messageId : messageId && 'an id'))
  return {
    results: results.map(({ status, reason }) => [status, reason]),
    ids,
    told: told.map((each) => `${each}`).sort(),
    known,
    forgotten,
    refused,
    left,
    stats: airhop.stats(),
  }
}

/** The events with their ids replaced by which of them are the same. */
const comparable = (events: ReceivedEvent[]) => {
  const visitors = [...new Set(events.map(({ anonymousId }) => anonymousId))]
  return events.map(({ messageId, timestamp, anonymousId, ...event }) => ({
    ...event,
    anonymousId: visitors.indexOf(anonymousId),
    messageId: messageId === 'my_id' ? messageId : /^[\da-z]+-[\da-z]{8}$/.test(messageId),
    timestamp: timestamp.startsWith('2020') ? timestamp : timestamp.slice(0, 10),
  }))
}

test('the double answers every call as the real airhop does, and has the events that the server gets', async () => {
  document.title = 'A page'
  const real = await visit(openPage())
  const double = createTestAirhop()
  expect(await visit(double)).toEqual(real)
  expect(comparable(double.events)).toEqual(comparable(collector.requests.flatMap(({ text }) => readEvents(text))))
  expect(double.events.length).toBeGreaterThan(10)
})

test('the double uses no network, no storage and no timer', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch')
  const beacon = vi.spyOn(navigator, 'sendBeacon')
  const timed = vi.spyOn(globalThis, 'setTimeout')
  const airhop = createTestAirhop()
  expect(await airhop.track('x')).toMatchObject({ status: 'stored' })
  airhop.identify('u_1')
  airhop.optOut()
  expect(fetched).not.toHaveBeenCalled()
  expect(beacon).not.toHaveBeenCalled()
  expect(timed).not.toHaveBeenCalled()
  expect(localStorage).toHaveLength(0)
  expect(document.cookie).toBe('')
  expect(window).not.toHaveProperty('__airhop')
})

test('expectEvent gives the first event that has these properties, and maybe more', () => {
  const airhop = createTestAirhop()
  airhop.track('project_created', { projectId: 'p_0' })
  airhop.track('project_created', { projectId: 'p_1', template: 'blank', tags: ['a', 'b'], at: new Date(5) })
  airhop.identify('u_1', { plan: 'pro' })

  expect(airhop.expectEvent('project_created', { projectId: 'p_1' }).properties?.template).toBe('blank')
  airhop.expectEvent('project_created')
  airhop.expectEvent('project_created', { template: expect.stringMatching(/^bl/), tags: ['a', 'b'], at: new Date(5) })
  airhop.expectEvent({ type: 'identify', userId: 'u_1', traits: { plan: 'pro' } })
  airhop.expectNoEvent('project_deleted')
  airhop.expectNoEvent('project_created', { tags: ['a'] })
  airhop.expectNoEvent({ type: 'page' })
})

test('expectEvent fails with what was expected, what came and what was refused', async () => {
  const airhop = createTestAirhop()
  airhop.track('project_created', { projectId: 'p_2' })
  airhop.identify('u_1', { plan: 'pro' })
  await airhop.track('')

  let error: Error & { expected?: unknown; actual?: unknown } = new Error('none')
  try {
    airhop.expectEvent('project_created', { projectId: 'p_1' })
  } catch (thrown) {
    error = thrown as Error
  }
  expect(error.name).toBe('AssertionError')
  expect(error.message).toBe(
    [
      'No event is track project_created {"projectId":"p_1"}',
      'These events came:',
      ' track project_created {"projectId":"p_2"}',
      ' identify u_1 {"plan":"pro"}',
      'Refused: missing_event',
    ].join('\n'),
  )
  expect(error.actual).toMatchObject({ properties: { projectId: 'p_2' } })
  expect(() => createTestAirhop().expectEvent('x')).toThrow('No event is track x\nNo event came.')
})

test('expectNoEvent fails with the event that there is', () => {
  const airhop = createTestAirhop()
  airhop.expectNoEvent()
  airhop.track('project_created', { projectId: 'p_1' })
  expect(() => airhop.expectNoEvent()).toThrow('There is track project_created {"projectId":"p_1"}')
  expect(() => airhop.expectNoEvent('project_created', { projectId: 'p_1' })).toThrow('There is')
  expect(() => airhop.expectNoEvent({ type: 'track' })).toThrow('There is')
})

test('clear makes it as new for the next test', () => {
  const airhop = createTestAirhop({ consent: 'pending' })
  airhop.optIn()
  airhop.identify('u_1')
  airhop.clear()
  expect(airhop.user().id()).toBeNull()
  airhop.expectNoEvent()
  airhop.track('held')
  airhop.expectNoEvent('held')
})

test('clear forgets what was held for consent: it does not come in the next test', async () => {
  const airhop = createTestAirhop({ consent: 'pending' })
  const held = airhop.track('of the test before')
  airhop.clear()
  airhop.optIn()
  airhop.expectNoEvent()
  expect(await held).toMatchObject({ status: 'dropped', reason: 'cleared' })
  airhop.track('of this one')
  airhop.expectEvent('of this one')
})

test('while consent is pending calls are held in their order, and come or are dropped when it is decided', async () => {
  const airhop = createTestAirhop({ consent: 'pending' })
  const first = airhop.track('first')
  airhop.track('second')
  expect(await airhop.flush()).toBe(2)
  expect(airhop.events).toEqual([])
  airhop.optIn()
  expect(airhop.events.map(({ event }) => event)).toEqual(['first', 'second'])
  expect(await first).toMatchObject({ status: 'stored' })

  const other = createTestAirhop({ consent: 'pending' })
  const dropped = other.track('x')
  other.optOut()
  expect(await dropped).toMatchObject({ status: 'dropped', reason: 'opted_out' })
  other.expectNoEvent()
})

test('a plan holds for the double too', () => {
  const airhop = createTestAirhop<{ project_created: { projectId: string } }>()
  airhop.track('project_created', { projectId: 'p_1' })
  airhop.expectEvent('project_created', { projectId: 'p_1' })
  // @ts-expect-error: not in the plan
  expect(() => airhop.expectEvent('project_made')).toThrow()
  // @ts-expect-error: not in the plan
  airhop.track('project_made')
})

test('it measures events also where TextEncoder is missing, as in Jest with jsdom', async () => {
  vi.stubGlobal('TextEncoder', undefined)
  const airhop = createTestAirhop()
  expect(await airhop.track('x', { text: 'ü€😀' })).toMatchObject({ status: 'stored' })
  expect(await airhop.track('x', { text: '€'.repeat(11_000) })).toMatchObject({ reason: 'event_too_large' })
  expect([...new TextEncoder().encode('ü€😀')]).toEqual([...Buffer.from('ü€😀')])
  vi.unstubAllGlobals()
})
