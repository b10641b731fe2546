import { setTimeout as sleep } from 'node:timers/promises'
import { dayOf } from './store/days.ts'
import type { Store } from './store/port.ts'

/** How often is looked for what is too old. Whole days are let go of, so more often brings nothing. */
const EVERY_MS = 60_000

/** Events of one commit: the worker's own commits wait for no longer than for one of these. */
const SLICE_EVENTS = 1000

/** How many days events of a workspace are kept. */
export interface Retention {
  workspace: string
  days: number
}

export interface RetentionParts {
  store: Pick<Store, 'prune' | 'tidy'>
  retention: readonly Retention[]
  signal: AbortSignal
}

/** Removes what is older than a workspace keeps, by the day on which it happened, until `signal`. Rejects when the store does. */
export async function keepRetention({ store, retention, signal }: RetentionParts): Promise<void> {
  const rest = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined)
  while (!signal.aborted) {
    for (const { workspace, days } of retention) {
      while (!signal.aborted && (await store.prune(workspace, dayOf(Date.now()) - days, SLICE_EVENTS)) > 0)
        await rest(1)
    }
    await store.tidy()
    await rest(EVERY_MS)
  }
}
