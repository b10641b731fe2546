import type { Entry } from './entry.ts'
import type { Journal } from './journal.ts'
import { JOURNAL_KEY_BYTES, QUEUE_MAX_BYTES } from './limits.ts'
import type { Fate, Listener, Result, Stats } from './result.ts'

/** What this page has in its charge: its own events, and for the time of a drain those of pages before. */
export const openQueue = (journal: Journal, log: (...line: unknown[]) => void) => {
  /** In order of sending. */
  const waiting = new Set<Entry>()
  const listeners = new Set<(fate: Fate, result: Result) => void>()
  const counts = { delivered: 0, rejected: 0 }
  const dropped: Record<string, number> = {}
  let ended = 0
  /** In the journal, of all pages, as far as this one knows. */
  let bytes = 0

  /** Events of this page. */
  const own = () => [...waiting].filter(({ answer }) => answer)

  /** Where every event is counted that ends, so that no loss is without a name. */
  const end = (
    { messageId, answer }: Pick<Entry, 'messageId' | 'answer'>,
    status: Result['status'],
    reason?: string,
  ) => {
    const result = { messageId, status, reason }
    const fate = status === 'stored' ? 'delivered' : (status as Fate)
    ended++
    if (fate === 'dropped') dropped[reason!] = (dropped[reason!] || 0) + 1
    else counts[fate]++
    log(status, messageId, reason)
    for (const tell of listeners) tell(fate, result)
    answer?.(result)
  }

  /** The one way out of waiting: it was answered for, or is lost under a name. */
  const settle = (entry: Entry, status: Result['status'], reason?: string) => {
    // Dropped to make room while its request was under way: it is counted already.
    if (waiting.delete(entry)) {
      journal.remove(entry)
      bytes -= entry.bytes
      // A page that is gone has counted its own; what is lost of it, it can't count any more.
      if (entry.answer || reason) end(entry, status, reason)
    }
  }

  const sizeOf = ({ bytes, head }: Entry, first: boolean) => bytes + (first ? head.length + JOURNAL_KEY_BYTES : 1)

  /** In the journal and not in this page's charge, oldest first. */
  const left = () => {
    const keys = new Set([...waiting].map(({ chunk }) => chunk?.key))
    return journal.list().filter(({ chunk }) => !keys.has(chunk!.key))
  }

  /** Counts what all pages have in the journal; if it is more than `most`, the oldest go. */
  const measure = (most?: number) => {
    bytes = 0
    let last: unknown
    for (const entry of [...left(), ...waiting].reverse()) {
      bytes += sizeOf(entry, entry.chunk !== last)
      last = entry.chunk
      if (bytes > most!) {
        waiting.add(entry)
        settle(entry, 'dropped', 'storage_full')
      }
    }
  }

  return {
    own,
    waiting,
    left,
    measure,
    end,
    settle,
    add(entry: Entry) {
      waiting.add(entry)
      bytes += sizeOf(entry, !entry.chunk?.entries[1])
      // Some more than it must, so that not each of the next has all counted again.
      if (bytes > QUEUE_MAX_BYTES) measure(QUEUE_MAX_BYTES * 0.9)
    },
    on(wanted: Fate, listener: Listener) {
      if (!/ed$/.test(wanted)) log(`there is no ${wanted}`)
      const tell = (fate: Fate, result: Result) =>
        // In a task of its own: what the page's function throws is the page's error, not ours.
        fate === wanted && queueMicrotask(() => listener(result))
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
    stats(): Stats {
      const pending = own().length
      return { tracked: ended + pending, ...counts, dropped: { ...dropped }, pending }
    },
  }
}

export type Queue = ReturnType<typeof openQueue>
