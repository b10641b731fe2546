import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

test('importing does nothing', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch')
  const listened = vi.spyOn(globalThis as unknown as EventTarget, 'addEventListener')
  const listenedToDocument = vi.spyOn(document, 'addEventListener')
  const waited = vi.spyOn(globalThis, 'setTimeout')
  const before = Reflect.ownKeys(globalThis)
  await import('../src/index.ts')
  const timers = waited.mock.calls.filter(() => /[\\/]src[\\/]/.test(new Error('where').stack ?? ''))
  expect(timers).toEqual([])
  expect(Reflect.ownKeys(globalThis).filter((name) => !before.includes(name))).toEqual([])
  expect(fetched).not.toHaveBeenCalled()
  expect(listened).not.toHaveBeenCalled()
  expect(listenedToDocument).not.toHaveBeenCalled()
  expect(localStorage).toHaveLength(0)
  expect(document.cookie).toBe('')
})

test('the package exports these names', async () => {
  expect(Object.keys(await import('../src/index.ts')).sort()).toEqual([
    'VERSION',
    'autoPage',
    'createAirhop',
    'sharedId',
  ])
})

test('an instance has these names', async () => {
  const { createAirhop } = await import('../src/index.ts')
  expect(Object.keys(createAirhop({ key: 'wk_names' })).sort()).toEqual([
    'VERSION',
    'debug',
    'flush',
    'group',
    'identify',
    'on',
    'optIn',
    'optOut',
    'optedOut',
    'page',
    'push',
    'ready',
    'reset',
    'setAnonymousId',
    'stats',
    'track',
    'user',
  ])
})

test('creating it of nothing throws nothing: it says what is missing and takes nothing', async () => {
  const { createAirhop } = await import('../src/index.ts')
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const airhop = (createAirhop as () => ReturnType<typeof createAirhop>)()
  expect(await airhop.track('clicked')).toMatchObject({ status: 'dropped', reason: 'invalid_key' })
  expect(said.mock.calls).toEqual([[expect.stringContaining('is no write key')]])
})

test('no file of the package loads code, or makes it of text', () => {
  const dist = join(import.meta.dirname, '../dist')
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[cm]?js$/.test(name))
  expect(files).toEqual(expect.arrayContaining(['airhop.js', 'snippet.js', 'index.mjs', 'index.cjs', 'react.mjs']))
  for (const file of files)
    expect(readFileSync(join(dist, file), 'utf8'), file).not.toMatch(
      /createElement\(\s*.script|importScripts|\bimport\(|\beval\(|new Function/,
    )
})
