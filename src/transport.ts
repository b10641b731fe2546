import { retryAfterMs } from './backoff.ts'
import { KEEPALIVE_MAX_CHARS } from './limits.ts'
import type { BatchAnswer } from './wire.ts'

/** Why events were not taken, by their place in the request. */
type Codes = Record<number, string>

/** What became of a request. With neither verdict nothing can be said of the events: the same again, later. */
export interface Outcome {
  /** It was taken; why some of its events were not. */
  codes?: Codes
  /** The server refuses this request, for what is in it or for who sends it. */
  refused?: number
  /** What the server asks to wait, in ms. */
  waitMs?: number
}

/** Posts a body and never rejects. The form is a simple one for CORS, text/plain without headers: there is no preflight. */
export const post = async (url: string, body: string, timeoutMs: number): Promise<Outcome> => {
  const outcome: Outcome = {}
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      // Larger than 64 KiB it would fail at once and for ever: one event of a page whose address or user id is as long.
      keepalive: body.length < KEEPALIVE_MAX_CHARS,
      credentials: 'omit',
      // Browsers before 2022 have none: there a hung request ends when the browser gives it up.
      signal: AbortSignal.timeout?.(timeoutMs),
    })
    const { status } = response
    if (/4(0[013]|13|22)/.test(`${status}`)) return { refused: status }
    outcome.waitMs = retryAfterMs(response.headers.get('Retry-After'))
    const { received, errors }: BatchAnswer = await response.json()
    // A captive portal or a wrong proxy says 200 to everything.
    if (response.ok && typeof received === 'number') {
      outcome.codes = {}
      for (const { index, code } of errors || []) outcome.codes[index] = code
    }
  } catch {
    // No connection, no answer in time, or no JSON.
  }
  return outcome
}
