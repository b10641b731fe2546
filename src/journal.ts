import { toBody } from './batch.ts'
import { type Chunk, type Entry, utf8Bytes } from './entry.ts'
import { CHUNK_MAX_EVENTS } from './limits.ts'
import { namesOf, read, remove, write } from './storage.ts'
import type { Envelope } from './wire.ts'

/** What waits in the browser, of all tabs and earlier pages, until the server has answered for it. */
export interface Journal {
  /** Keeps an event beyond the life of the page, if the browser lets us: from the end of this task on, or `save`. */
  put(entry: Entry): void
  remove(entry: Entry): void
  /** Writes now what has changed, and which of these the page has cleared away. */
  save(entries?: Entry[]): void
  /** All there is, oldest first. */
  list(): Entry[]
}

/**
 * One key for what one task has made: a write costs ten microseconds and more, whatever its size. A chunk is written
 * again when some of its events have ended, and only by the tab that has them in its charge; no key is ever read, changed
 * and written back: two tabs that append to one key lose half of their events.
 */
export const openJournal = (prefix: string): Journal => {
  const changed = new Set<Chunk>()
  let open: Chunk | undefined

  const save = (entries: Entry[] = []) => {
    // Those made after another tab's optIn, before its word has come, have none yet.
    for (const { chunk } of entries) if (chunk && !read(chunk.key)) changed.add(chunk)
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
    list() {
      // What has ended in this task would be found again.
      save()
      return namesOf(`${prefix}q.`).flatMap((id) => {
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
      })
    },
  }
}
