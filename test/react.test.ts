import { act, createElement, StrictMode, useEffect } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { expect, test, vi } from 'vitest'
import type { Airhop } from '../src/index.ts'
import { AirhopProvider, useAirhop } from '../src/react.ts'
import { createTestAirhop } from '../src/testing.ts'
import { HOST, newKey, useCollector } from './collector.ts'

const collector = useCollector()
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const Button = () => {
  const airhop = useAirhop<{ pressed: { label: string } }>()
  return createElement('button', { type: 'button', onClick: () => airhop.track('pressed', { label: 'Go' }) }, 'Go')
}

const render = async (element: React.ReactElement) => {
  const container = document.createElement('div')
  document.body.append(container)
  const root = createRoot(container)
  await act(async () => root.render(element))
  return { container, unmount: () => act(async () => root.unmount()) }
}

test('a component below the provider tracks with the instance that it was given', async () => {
  const airhop = createTestAirhop()
  const { container } = await render(createElement(AirhopProvider, { airhop }, createElement(Button)))
  container.querySelector('button')!.click()
  airhop.expectEvent('pressed', { label: 'Go' })
})

test('with options it makes one instance: in StrictMode, in two providers, and after both were taken off the page', async () => {
  const seen = new Set<Airhop>()
  const Probe = () => {
    const airhop = useAirhop()
    seen.add(airhop)
    useEffect(() => void airhop.track('mounted'), [airhop])
    return null
  }
  const options = { key: newKey(), host: HOST, flushMs: 20 }
  const app = createElement(
    StrictMode,
    null,
    createElement(AirhopProvider, { options }, createElement(Probe)),
    createElement(AirhopProvider, { options: { ...options } }, createElement(Probe)),
  )
  const { unmount } = await render(app)
  await unmount()
  await render(createElement(AirhopProvider, { options }, createElement(Probe)))
  expect(seen.size).toBe(1)
  // React itself runs effects twice in StrictMode.
  const events = await collector.events(5)
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(5)
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
})

test('a new instance in the same provider is the one that components get', async () => {
  const [first, second] = [createTestAirhop(), createTestAirhop()]
  const container = document.createElement('div')
  const root = createRoot(container)
  for (const airhop of [first, second]) {
    await act(async () => root.render(createElement(AirhopProvider, { airhop }, createElement(Button))))
    container.querySelector('button')!.click()
  }
  expect([first.events.length, second.events.length]).toEqual([1, 1])
})

test('what a server has rendered becomes alive without a difference', async () => {
  const options = { key: newKey(), host: HOST, flushMs: 20 }
  const app = createElement(StrictMode, null, createElement(AirhopProvider, { options }, createElement(Button)))
  const container = document.createElement('div')
  container.innerHTML = '<button type="button">Go</button>'
  const recovered = vi.fn()
  await act(async () => hydrateRoot(container, app, { onRecoverableError: recovered }))
  container.querySelector('button')!.click()
  expect(await collector.events(1)).toMatchObject([{ event: 'pressed' }])
  expect(recovered).not.toHaveBeenCalled()
})

test('outside of a provider there is one console error, and calls do nothing', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const results: unknown[] = []
  const Lost = () => {
    const airhop = useAirhop()
    useEffect(() => void airhop.track('x').then((result) => results.push(result)), [airhop])
    return null
  }
  await render(createElement(StrictMode, null, createElement(Lost), createElement(Lost)))
  expect(said).toHaveBeenCalledTimes(1)
  expect(said.mock.calls[0]![0]).toMatch('useAirhop() is used outside of <AirhopProvider>')
  expect(results[0]).toMatchObject({ status: 'dropped', reason: 'no_provider' })
  expect(collector.requests).toEqual([])
})
