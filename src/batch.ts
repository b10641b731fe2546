import type { Entry } from './journal.ts'
import { BATCH_MAX_BYTES } from './limits.ts'

/** The first entries that fit into one request and are so many at most; one too big for any goes alone. */
export const takeBatch = (entries: Entry[], maxEvents: number): Entry[] => {
  let room = BATCH_MAX_BYTES
  let last: unknown
  const end = entries.findIndex(({ envelope, bytes }, index) => {
    // An envelope's text is not measured but bounded: it has few characters that take three bytes.
    room -= bytes + 1 + (envelope === last ? 0 : envelope.head.length * 2)
    last = envelope
    return index && (room < 0 || index >= maxEvents)
  })
  return end < 0 ? entries : entries.slice(0, end)
}

/** The request body: the entries' own strings under their envelopes. One envelope, or an array of several. */
export const toBody = (entries: Entry[]): string => {
  const open: string[] = []
  let last: unknown
  for (const { envelope, json } of entries) {
    if (envelope === last) open.push(`${open.pop()},${json}`)
    else open.push(`${envelope.head},"sentAt":"${new Date().toISOString()}","batch":[${json}`)
    last = envelope
  }
  const body = `${open.join(']},')}]}`
  return open[1] ? `[${body}]` : body
}
