/** The script tag: reads its attributes, makes `window.airhop`, and makes up for the calls that the stub has kept. */
import { createAirhop } from './airhop.ts'
import { autoPage } from './auto-page.ts'
import type { Consent } from './consent.ts'
import { sharedId } from './shared-id.ts'

// Only there while the file's top level runs, and not at all in a module.
const { dataset = {}, src } = (document.currentScript ||
  document.querySelector('script[data-key]') ||
  {}) as Partial<HTMLScriptElement>
const { key, host, flushMs, consent, gpc, debug, page, cookieDomain, global = 'airhop' } = dataset
const names = window as unknown as Record<string, unknown>
const queued = names[global]
const airhop = createAirhop({
  key: key!,
  host: host || (src ? new URL(src).origin : undefined),
  flushMs: flushMs && +flushMs >= 0 ? +flushMs : undefined,
  consent: consent as Consent,
  gpc: gpc as 'ignore',
  debug: debug != null,
  use: [...(cookieDomain ? [sharedId({ domain: cookieDomain })] : []), ...(page === 'auto' ? [autoPage()] : [])],
})

if (Array.isArray(queued)) {
  const calls = queued.splice(0)
  // Code may hold the array. Defined and not assigned: where Array.prototype is frozen, `push` can't be assigned.
  Object.defineProperties(queued, Object.getOwnPropertyDescriptors(airhop))
  // What airhop hasn't is said once: Segment's stub has alias, screen, …
  const methods = airhop as unknown as Record<string, unknown>
  for (const name in queued) methods[name] ??= (...args: unknown[]) => airhop.push([name, ...args])
  airhop.push(...calls)
}
names[global] = airhop
