import type { Entry } from './journal.ts'
import { BATCH_MAX_BYTES } from './limits.ts'

/** The first entries that fit into one request and are so many at most; one too big for any goes alone. */
export const takeBatch = (entries: Entry[], maxEvents: number): Entry[] => {
  let room = BATCH_MAX_BYTES
  let last: unknown
  const end = entries.findIndex(({ head, bytes }, index) => {
    // A head is not measured but bounded: it has few characters that take three bytes.
    room -= bytes + 1 + (head === last ? 0 : head.length * 2)
    last = head
    return index && (room < 0 || index >= maxEvents)
  })
  return end < 0 ? entries : entries.slice(0, end)
}

/** The request body: the entries' own strings under their envelopes. One envelope, or an array of several. */
export const toBody = (entries: Entry[]): string => {
  const open: string[] = []
  let last: unknown
  for (const { head, json } of entries) {
    if (head === last) open.push(`${open.pop()},${json}`)
    else open.push(`${head},"sentAt":"${new Date().toISOString()}","batch":[${json}`)
    last = head
  }
  const body = `${open.join(']},')}]}`
  return open[1] ? `[${body}]` : body
}
