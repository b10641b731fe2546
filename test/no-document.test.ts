// @vitest-environment node
import { expect, test, vi } from 'vitest'

const WATCHED = ['window', 'document', 'localStorage', '__airhop', 'airhop']

test('importing changes nothing where there is no document', async () => {
  expect(typeof document).toBe('undefined')
  const before = Reflect.ownKeys(globalThis)
  const events = process.eventNames().length
  await import('../src/index.ts')
  expect(Reflect.ownKeys(globalThis).filter((name) => !before.includes(name))).toEqual([])
  expect(process.eventNames()).toHaveLength(events)
  for (const name of WATCHED.filter((name) => name !== 'localStorage')) expect(globalThis).not.toHaveProperty(name)
})

test('an instance takes every call and does nothing, without a word', async () => {
  const { createAirhop } = await import('../src/index.ts')
  const fetched = vi.spyOn(globalThis, 'fetch')
  const timed = vi.spyOn(globalThis, 'setInterval')
  const said = (['error', 'warn', 'log', 'debug'] as const).map((level) => vi.spyOn(console, level))
  const airhop = createAirhop({ key: 'wk_server_side' })
  const callback = vi.fn()
  const results = await Promise.all([
    airhop.track('x', { n: 1 }, {}, callback),
    airhop.identify('u1', { a: 1 }),
    airhop.page('Docs', 'Install'),
    airhop.group('acme'),
  ])
  for (const result of results) expect(result).toMatchObject({ status: 'dropped', reason: 'no_document' })
  airhop.reset()
  airhop.setAnonymousId('mine')
  airhop.push(['track', 'y'])
  const ready = vi.fn()
  airhop.ready(ready)
  expect(await airhop.flush()).toBe(0)
  expect(callback).toHaveBeenCalledTimes(1)
  expect(ready).toHaveBeenCalledTimes(1)
  expect(airhop.user().id()).toBeNull()
  expect(airhop.user().groupId()).toBeNull()
  expect(airhop.stats()).toEqual({ tracked: 5, delivered: 0, rejected: 0, dropped: { no_document: 5 }, pending: 0 })
  expect(fetched).not.toHaveBeenCalled()
  expect(timed).not.toHaveBeenCalled()
  for (const level of said) expect(level).not.toHaveBeenCalled()
  for (const name of WATCHED.filter((name) => name !== 'localStorage')) expect(globalThis).not.toHaveProperty(name)
})

test('flush leaves no timer behind, which would keep the process alive', async () => {
  const { createAirhop } = await import('../src/index.ts')
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const airhop = createAirhop({ key: 'wk_server_side' })
  const before = timers()
  expect(await airhop.flush()).toBe(0)
  expect(timers()).toBe(before)
})

test('two visitors of one server never share an instance', async () => {
  const { createAirhop } = await import('../src/index.ts')
  expect(createAirhop({ key: 'wk_server_side' })).not.toBe(createAirhop({ key: 'wk_server_side' }))
})
