import { toBody } from './batch.ts'
import { CHUNK_MAX_EVENTS } from './limits.ts'
import type { Result } from './result.ts'
import { namesOf, read, remove, write } from './storage.ts'
import type { Envelope } from './wire.ts'

/** An event as it waits. */
export interface Entry {
  /** Unique, and in order of time as text. */
  id: string
  messageId: string
  /** What it has in common with others: the start of the request's JSON, see `openEnvelopes`. */
  head: string
  json: string
  /** Of `json`, in UTF-8. */
  bytes: number
  /** Where it is kept, if it is. */
  chunk: Chunk | undefined
  /** Answers the call, once. Events of earlier pages have none. */
  answer?: (result: Result) => void
  /** How many batches had passed when it was refused first, if it was. */
  refusedAt?: number
  refusedAlone?: boolean
}

/** Events that one task has made, with one head: one key of the storage. */
export interface Chunk {
  key: string
  /** Those that wait. */
  entries: Entry[]
}

/** What waits in the browser, of all tabs and earlier pages, until the server has answered for it. */
export interface Journal {
  /** Keeps an event beyond the life of the page, if the browser lets us: from the end of this task on, or `save`. */
  put(entry: Entry): void
  remove(entry: Entry): void
  /** Writes now what has changed. */
  save(): void
  /** All there is, oldest first. */
  list(): Entry[]
}

export const utf8Bytes = (text: string): number =>
  // JSON has no control characters: what is all ASCII needs no copy to be measured.
  /[^ -~]/.test(text) ? new TextEncoder().encode(text).length : text.length

/**
 * One key for what one task has made: a write costs ten microseconds and more, whatever its size. A chunk is written
 * again when some of its events have ended, and only by the tab that has them in its charge; no key is ever read, changed
 * and written back: two tabs that append to one key lose half of their events.
 */
export const openJournal = (prefix: string): Journal => {
  const changed = new Set<Chunk>()
  let open: Chunk | undefined

  const save = () => {
    for (const { key, entries } of changed) {
      if (entries[0]) write(key, toBody(entries))
      else remove(key)
    }
    changed.clear()
    open = undefined
  }
  const change = (chunk: Chunk) => {
    if (!changed.size) queueMicrotask(save)
    changed.add(chunk)
  }

  return {
    put(entry) {
      const { id, head } = entry
      if (open?.entries[0]?.head !== head || open.entries[CHUNK_MAX_EVENTS - 1])
        open = { key: `${prefix}q.${id}`, entries: [] }
      entry.chunk = open
      open.entries.push(entry)
      change(open)
    },
    remove(entry) {
      const { chunk } = entry
      if (!chunk) return
      chunk.entries = chunk.entries.filter((other) => other !== entry)
      change(chunk)
    },
    save,
    list: () =>
      namesOf(`${prefix}q.`).flatMap((id) => {
        const key = `${prefix}q.${id}`
        const chunk: Chunk = { key, entries: [] }
        try {
          const { batch, sentAt, ...shared }: Envelope = JSON.parse(read(key)!)
          const head = JSON.stringify(shared).slice(0, -1)
          for (const event of batch) {
            const json = JSON.stringify(event)
            chunk.entries.push({ id, messageId: event.messageId, head, json, bytes: utf8Bytes(json), chunk })
          }
        } catch {
          // Not written by us.
          remove(key)
        }
        return chunk.entries
      }),
  }
}
