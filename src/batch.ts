import type { Entry } from './entry.ts'
import { BATCH_MAX_BYTES } from './limits.ts'
import type { Stats } from './result.ts'

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

/**
 * The request body: the entries' own strings under their envelopes. One envelope, or an array of several. What this page
 * has dropped, by reason, goes beside its own events: the server knows the page by the first id of the batch.
 */
export const toBody = (entries: Entry[], stats?: Stats): string => {
  const open: string[] = []
  let last: unknown
  // To refuse consent is no loss.
  const losses = JSON.stringify({ ...stats?.dropped, opted_out: undefined })
  for (const { head, json, answer } of entries) {
    if (head === last) open.push(`${open.pop()},${json}`)
    else
      open.push(
        `${head},"sentAt":"${new Date().toISOString()}"${answer && losses[2] ? `,"dropped":${losses}` : ''},"batch":[${json}`,
      )
    last = head
  }
  const body = `${open.join(']},')}]}`
  return open[1] ? `[${body}]` : body
}
