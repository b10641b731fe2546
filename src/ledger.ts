import type { Fate, Listener, Result, Stats } from './result.ts'

/** Where every event is counted, once when it comes and once when it ends, so that no loss is without a name. */
export interface Ledger {
  begin(): void
  end(result: Result): void
  stats(): Stats
  on(fate: Fate, listener: Listener): () => void
}

export const openLedger = (log: (...line: unknown[]) => void): Ledger => {
  const listeners = new Set<[Fate, Listener]>()
  const dropped: Record<string, number> = {}
  let tracked = 0
  let pending = 0
  let delivered = 0
  let rejected = 0

  return {
    begin() {
      tracked++
      pending++
    },
    end(result) {
      const { status, reason } = result
      pending--
      if (status === 'stored') delivered++
      else if (status === 'rejected') rejected++
      else dropped[reason!] = (dropped[reason!] || 0) + 1
      log(status, result.messageId, reason || '')
      for (const [fate, listener] of listeners) {
        // In a task of its own: what the page's function throws is the page's error, not ours.
        if (fate === (status === 'stored' ? 'delivered' : status)) queueMicrotask(() => listener(result))
      }
    },
    stats: () => ({ tracked, delivered, rejected, dropped: { ...dropped }, pending }),
    on(fate, listener) {
      const entry: [Fate, Listener] = [fate, listener]
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}
