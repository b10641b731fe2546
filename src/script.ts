/** The script tag: reads its attributes, makes `window.airhop`, and makes up for the calls that the stub has kept. */
import { createAirhop } from './airhop.ts'

// Only there while the file's top level runs, and not at all in a module.
const { dataset, src } = (document.currentScript || document.querySelector('script[data-key]')) as HTMLScriptElement
const name = dataset.global || 'airhop'
const page = window as unknown as Record<string, unknown>
const queued = page[name]
const airhop = createAirhop({
  key: dataset.key!,
  host: dataset.host || (src ? new URL(src).origin : undefined),
  flushMs: +dataset.flushMs! || undefined,
  debug: 'debug' in dataset,
})
page[name] = airhop

if (Array.isArray(queued)) airhop.push(...queued)
