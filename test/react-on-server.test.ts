// @vitest-environment node
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { AirhopProvider, useAirhop } from '../src/react.ts'

test('on a server it renders, does nothing, and two requests never share an instance', () => {
  const fetched = vi.spyOn(globalThis, 'fetch')
  const said = vi.spyOn(console, 'error')
  const seen = new Set()
  const Button = () => {
    const airhop = useAirhop()
    seen.add(airhop)
    airhop.track('rendered')
    return createElement('button', { type: 'button' }, airhop.user().id() ?? 'nobody')
  }
  const app = () => createElement(AirhopProvider, { options: { key: 'wk_1' } }, createElement(Button))
  expect(renderToString(app())).toBe('<button type="button">nobody</button>')
  expect(renderToString(app())).toBe('<button type="button">nobody</button>')
  expect(seen.size).toBe(2)
  expect(fetched).not.toHaveBeenCalled()
  expect(said).not.toHaveBeenCalled()
})
