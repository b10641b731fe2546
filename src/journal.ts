import { type Envelope, envelopeOf, madeAt } from './envelope.ts'
import type { Storage } from './storage.ts'

/** An event as it waits. */
export interface Entry {
  /** Its place in the journal: unique, and in order of time as text. */
  readonly id: string
  readonly messageId: string
  readonly envelope: Envelope
  readonly json: string
  /** Of `json`, in UTF-8. */
  readonly bytes: number
}

/** What waits in the browser, of all tabs and earlier pages, until the server has answered for it. */
export interface Journal {
  /** Keeps an event over the life of the page, if the browser lets us. */
  put(entry: Entry): void
  remove(entry: Entry): void
  /**
   * What there is that `skip` doesn't hold back, oldest first. Each is read only when asked for: nothing when another
   * tab has removed it meanwhile, with an empty `envelope.head` when its envelope is lost.
   */
  list(skip: (id: string) => boolean): { id: string; madeAt: number; read(): Entry | undefined }[]
}

export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length

/**
 * One immutable key an event, one an envelope. No key is ever read, changed and written back: two tabs that append to
 * one key lose half of their events.
 */
export const openJournal = (storage: Storage, prefix: string): Journal => {
  const eventKey = (id: string) => `${prefix}q.${id}`
  const envelopeKey = (id: string) => `${prefix}e.${id}`

  return {
    put({ id, envelope, json }) {
      const key = envelopeKey(envelope.id)
      envelope.waiting++
      // Asked every time: another tab that has emptied the envelope may just have removed it.
      if (storage.get(key) !== null || storage.set(key, envelope.head)) storage.set(eventKey(id), json)
    },
    remove({ id, envelope }) {
      storage.remove(eventKey(id))
      if (!--envelope.waiting) storage.remove(envelopeKey(envelope.id))
    },
    list(skip) {
      const envelopes = new Map<string, Envelope>()
      const ids = storage
        .keys()
        .filter((key) => key.startsWith(eventKey('')))
        .map((key) => key.slice(eventKey('').length))
        .sort()
      for (const id of ids) {
        const name = envelopeOf(id)
        const envelope = envelopes.get(name) || { id: name, head: '', waiting: 0 }
        envelope.waiting++
        envelopes.set(name, envelope)
      }
      return ids
        .filter((id) => !skip(id))
        .map((id) => ({
          id,
          madeAt: madeAt(id),
          read() {
            const envelope = envelopes.get(envelopeOf(id))!
            envelope.head ||= storage.get(envelopeKey(envelope.id)) || ''
            const json = storage.get(eventKey(id))
            return json === null ? undefined : { id, messageId: id, envelope, json, bytes: utf8Bytes(json) }
          },
        }))
    },
  }
}
