import type { Entry, Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { JOURNAL_KEY_BYTES, QUEUE_MAX_BYTES } from './limits.ts'
import type { Result } from './result.ts'

/** What this page has in its charge: its own events, and for the time of a drain those of pages before. */
export interface Queue {
  size(): number
  has(id: string): boolean
  entries(): IterableIterator<Entry>
  /** Events of this page. */
  own(): Entry[]
  /** Takes an event of this page; resolves once something can be said of it. */
  add(entry: Entry): Promise<Result>
  /** Takes an event of an earlier page, which stays in the journal. */
  adopt(entry: Entry): void
  /** Gives those back that are not settled. */
  disown(): void
  /** The one way out: it was answered for, or is lost under a name. */
  settle(entry: Entry, status: 'stored' | 'rejected' | 'dropped', reason?: string): void
  /** To be sent after all others. */
  toBack(entry: Entry): void
  /** Tells the calls that wait that their events are kept, and will be tried again. */
  saveAll(reason?: string): void
}

export const openQueue = (journal: Journal, ledger: Ledger): Queue => {
  // In order of sending. Own events have a function that answers their call, until it is called.
  const waiting = new Map<string, Entry>()
  const calls = new Map<Entry, ((result: Result) => void) | undefined>()
  let bytes = 0

  const queue: Queue = {
    size: () => waiting.size,
    has: (id) => waiting.has(id),
    entries: () => waiting.values(),
    own: () => [...waiting.values()].filter((entry) => calls.has(entry)),
    add: (entry) =>
      new Promise((resolve) => {
        journal.put(entry)
        waiting.set(entry.id, entry)
        calls.set(entry, resolve)
        bytes += entry.bytes + JOURNAL_KEY_BYTES
        for (const oldest of bytes > QUEUE_MAX_BYTES ? waiting.values() : []) {
          if (bytes <= QUEUE_MAX_BYTES) break
          if (calls.has(oldest)) queue.settle(oldest, 'dropped', 'storage_full')
        }
      }),
    adopt: (entry) => void waiting.set(entry.id, entry),
    disown() {
      for (const [id, entry] of waiting) if (!calls.has(entry)) waiting.delete(id)
    },
    settle(entry, status, reason) {
      const { id, messageId } = entry
      // Dropped to make room while its request was under way: it is counted already.
      if (!waiting.delete(id)) return
      journal.remove(entry)
      const result: Result = { messageId, status, reason }
      if (calls.has(entry)) {
        bytes -= entry.bytes + JOURNAL_KEY_BYTES
        calls.get(entry)?.(result)
        calls.delete(entry)
        ledger.end(result)
      } else if (status !== 'stored') {
        // The page that made it can't count its loss any more.
        ledger.begin()
        ledger.end(result)
      }
    },
    toBack(entry) {
      waiting.delete(entry.id)
      waiting.set(entry.id, entry)
    },
    saveAll(reason) {
      for (const [entry, resolve] of calls) {
        resolve?.({ messageId: entry.messageId, status: 'saved', reason })
        calls.set(entry, undefined)
      }
    },
  }
  return queue
}
