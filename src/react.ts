/** `airhop/react`: airhop for the components below. */
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useState } from 'react'
import { type AirhopOptions, createAirhop, open } from './airhop.ts'
import type { Airhop } from './calls.ts'
import type { Open, PlanOf } from './plan.ts'

/** Either an instance, or what to create it with. */
export type AirhopProviderProps = { children?: ReactNode } & (
  | {
      /** Made with `createAirhop()`, or in tests with `createTestAirhop()`. */
      // biome-ignore lint/suspicious/noExplicitAny: of any plan.
      airhop: Airhop<any>
      options?: undefined
    }
  | {
      /** Of the first render; plain values, so that a server component may pass them. */
      options: AirhopOptions
      airhop?: undefined
    }
)

const Context = /* @__PURE__ */ createContext<Airhop | undefined>(undefined)

/**
 * Gives airhop to the components below. One instance a write key, also in StrictMode and with several providers. On a
 * server its calls do nothing.
 */
export const AirhopProvider = ({ airhop, options, children }: AirhopProviderProps): ReactElement => {
  const [created] = useState(() => options && createAirhop(options))
  return createElement(Context.Provider, { value: airhop || created }, children)
}

let outside: Airhop | undefined
const openOutside = (): Airhop => {
  if (!outside) console.error('airhop: useAirhop() is used outside of <AirhopProvider>: it does nothing.')
  outside ||= open({ key: '' }, 'no_provider')
  return outside
}

/**
 * The provider's instance. Outside of a provider: one console error, and an instance that does nothing, because a missing
 * provider should cost events and not the page.
 * @typeParam Plan The plan that the instance was created with.
 */
export const useAirhop = <Plan extends PlanOf<Plan> = Open>(): Airhop<Plan> =>
  (useContext(Context) || openOutside()) as Airhop<Plan>
