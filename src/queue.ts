import type { Entry, Journal } from './journal.ts'
import { JOURNAL_KEY_BYTES, QUEUE_MAX_BYTES } from './limits.ts'
import type { Fate, Listener, Result, Stats } from './result.ts'

/** What this page has in its charge: its own events, and for the time of a drain those of pages before. */
export const openQueue = (journal: Journal, log: (...line: unknown[]) => void) => {
  /** In order of sending. */
  const waiting = new Map<string, Entry>()
  const listeners = new Set<[Fate, Listener]>()
  const counts: Stats = { tracked: 0, delivered: 0, rejected: 0, dropped: {}, pending: 0 }
  let bytes = 0

  /** Where every event is counted that ends, so that no loss is without a name. */
  const end = (result: Result) => {
    const { status, reason } = result
    const { dropped } = counts
    const fate = status === 'stored' ? 'delivered' : (status as Fate)
    if (fate === 'dropped') dropped[reason!] = (dropped[reason!] || 0) + 1
    else counts[fate]++
    counts.pending--
    log(status, result.messageId, reason)
    for (const [wanted, listener] of listeners) {
      // In a task of its own: what the page's function throws is the page's error, not ours.
      if (wanted === fate) queueMicrotask(() => listener(result))
    }
    return result
  }
  const begin = () => {
    counts.tracked++
    counts.pending++
  }

  /** The one way out: it was answered for, or is lost under a name. */
  const settle = (entry: Entry, status: Result['status'], reason?: string) => {
    const { messageId, answer } = entry
    // Dropped to make room while its request was under way: it is counted already.
    if (!waiting.delete(entry.id)) return
    journal.remove(entry)
    if (answer) bytes -= entry.bytes + JOURNAL_KEY_BYTES
    else if (status === 'stored') return
    // The page that made it can't count its loss any more.
    else begin()
    const result = end({ messageId, status, reason })
    answer?.(result)
  }

  return {
    waiting,
    begin,
    end,
    settle,
    /** Events of this page. */
    own: () => [...waiting.values()].filter(({ answer }) => answer),
    add(entry: Entry) {
      journal.put(entry)
      waiting.set(entry.id, entry)
      bytes += entry.bytes + JOURNAL_KEY_BYTES
      for (const oldest of bytes > QUEUE_MAX_BYTES ? waiting.values() : []) {
        if (oldest.answer) settle(oldest, 'dropped', 'storage_full')
        if (bytes <= QUEUE_MAX_BYTES) break
      }
    },
    on(fate: Fate, listener: Listener) {
      const entry: [Fate, Listener] = [fate, listener]
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    stats: (): Stats => ({ ...counts, dropped: { ...counts.dropped } }),
  }
}

export type Queue = ReturnType<typeof openQueue>
