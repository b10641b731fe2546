import { type Envelope, envelopeOf } from './envelope.ts'
import type { Result } from './result.ts'
import { namesOf, read, remove, write } from './storage.ts'

/** An event as it waits. */
export interface Entry {
  /** Unique, and in order of time as text. */
  id: string
  messageId: string
  envelope: Envelope
  json: string
  /** Of `json`, in UTF-8. */
  bytes: number
  /** Answers the call, once. Events of earlier pages have none. */
  answer?: (result: Result) => void
  /** How many batches had passed when it was refused first, if it was. */
  refusedAt?: number
  refusedAlone?: boolean
}

/** What waits in the browser, of all tabs and earlier pages, until the server has answered for it. */
export interface Journal {
  /** Keeps an event beyond the life of the page, if the browser lets us. */
  put(entry: Entry): void
  remove(entry: Entry): void
  /** All there is, oldest first. */
  list(): Entry[]
}

export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length

/**
 * One immutable key an event and one an envelope. No key is ever read, changed and written back: two tabs that append
 * to one key lose half of their events.
 */
export const openJournal = (prefix: string): Journal => {
  const eventKey = `${prefix}q.`
  const envelopeKey = `${prefix}e.`

  return {
    put({ id, envelope, json }) {
      const key = envelopeKey + envelope.id
      envelope.waiting++
      // Asked every time: another tab that has emptied the envelope may just have removed it.
      if (!read(key)) write(key, envelope.head)
      write(eventKey + id, json)
    },
    remove({ id, envelope }) {
      remove(eventKey + id)
      if (!--envelope.waiting) remove(envelopeKey + envelope.id)
    },
    list() {
      const envelopes: Record<string, Envelope> = {}
      return namesOf(eventKey).map((id) => {
        const name = envelopeOf(id)
        envelopes[name] ||= { id: name, head: `${read(envelopeKey + name)}`, waiting: 0 }
        const envelope = envelopes[name]
        envelope.waiting++
        const json = `${read(eventKey + id)}`
        return { id, messageId: id, envelope, json, bytes: utf8Bytes(json) }
      })
    },
  }
}
