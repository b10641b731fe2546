/** The whole public API of the npm package `airhop`. Importing it does nothing. */
export { type AirhopOptions, createAirhop } from './airhop.ts'
export type { Airhop, Callback } from './calls.ts'
export type { Options } from './event.ts'
export type { Fate, Listener, Result, Stats } from './result.ts'
export { VERSION } from './version.ts'
