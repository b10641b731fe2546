/** The script tag: reads its attributes, makes `window.airhop`, and makes up for the calls that the stub has kept. */
import { createAirhop, type Methods } from './airhop.ts'

// Only there while the file's top level runs.
const { dataset, src } = document.currentScript as HTMLScriptElement
const name = dataset.global || 'airhop'
const page = window as unknown as Record<string, unknown>
const queued = page[name]
const airhop = createAirhop({
  key: dataset.key!,
  host: dataset.host || new URL(src).origin,
  flushMs: +dataset.flushMs! || undefined,
  debug: 'debug' in dataset,
})
page[name] = airhop

// The stub's calls carry `r`, which resolves the promise that their caller holds.
if (Array.isArray(queued)) {
  for (const call of queued as (unknown[] & { r?: (value: unknown) => void })[]) {
    const [method, ...args] = call
    const value = (airhop as unknown as Methods)[method as string]?.(...args)
    call.r?.(value)
  }
}
