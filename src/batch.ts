import type { Entry } from './journal.ts'
import { ENVELOPE_BYTES } from './limits.ts'

/** The first entries that fit into so many bytes and are so many at most; one too big for any batch goes alone. */
export const takeBatch = (entries: Iterable<Entry>, maxBytes: number, maxEvents = Infinity): Entry[] => {
  const batch: Entry[] = []
  let last: unknown
  for (const entry of entries) {
    const { envelope, bytes } = entry
    maxBytes -= bytes + 1
    // An envelope's text is not measured but bounded: it has few characters that take three bytes.
    if (envelope !== last) maxBytes -= envelope.head.length * 1.5 + ENVELOPE_BYTES
    last = envelope
    if (batch.length >= maxEvents || (batch[0] && maxBytes < 0)) break
    batch.push(entry)
  }
  return batch
}

/** The request body: the entries' own strings under their envelopes. One envelope, or an array of several. */
export const toBody = (entries: Entry[], now: number): string => {
  let body = ''
  let last: unknown
  let several: boolean | undefined
  for (const { envelope, json } of entries) {
    if (envelope === last) body += ','
    else {
      if (last) {
        several = true
        body += ']},'
      }
      body += `${envelope.head},"sentAt":"${new Date(now).toISOString()}","batch":[`
    }
    last = envelope
    body += json
  }
  body += ']}'
  return several ? `[${body}]` : body
}
