import type { Entry } from './journal.ts'
import { ENVELOPE_BYTES } from './limits.ts'

/** The first entries that fit into so many bytes and are so many at most; one too big for any batch goes alone. */
export const takeBatch = (entries: Iterable<Entry>, maxBytes: number, maxEvents = Infinity): Entry[] => {
  const batch: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    const { envelope } = entry
    bytes += entry.bytes + 1
    // An envelope's text is not measured but bounded: it has few characters that take three bytes.
    if (batch[batch.length - 1]?.envelope !== envelope) bytes += envelope.head.length * 1.5 + ENVELOPE_BYTES
    if (batch.length >= maxEvents || (batch[0] && bytes > maxBytes)) break
    batch.push(entry)
  }
  return batch
}

/** The request body: the entries' own strings under their envelopes. One envelope, or an array of several. */
export const toBody = (entries: Entry[], now: number): string => {
  const sentAt = new Date(now).toISOString()
  const envelopes: string[] = []
  let events: string[] = []
  entries.forEach(({ envelope, json }, index) => {
    events.push(json)
    if (entries[index + 1]?.envelope !== envelope) {
      envelopes.push(`${envelope.head},"sentAt":"${sentAt}","batch":[${events}]}`)
      events = []
    }
  })
  return envelopes.length > 1 ? `[${envelopes}]` : envelopes[0]!
}
