import { retryAfterMs } from './backoff.ts'
import type { BatchAnswer } from './wire.ts'

/** Why events were not taken, by their place in the request. */
type Codes = Record<number, string>

/** What became of a request, in one word, with what is known besides. */
export type Outcome =
  | { is: 'delivered'; codes: Codes }
  /** Nothing can be said of the events: the same again, later. */
  | { is: 'retry'; waitMs?: number }
  /** The server refuses this request, for what is in it or for who sends it. */
  | { is: 'refused'; status: number }

/** Posts a body and never rejects. The form is a simple one for CORS, text/plain without headers: there is no preflight. */
export const post = async (url: string, body: string, timeoutMs: number): Promise<Outcome> => {
  let waitMs: number | undefined
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      keepalive: true,
      credentials: 'omit',
      // Browsers before 2022 have none: there a hung request ends when the browser gives it up.
      signal: AbortSignal.timeout?.(timeoutMs),
    })
    const { status } = response
    if (/40[013]|413|422/.test(`${status}`)) return { is: 'refused', status }
    waitMs = retryAfterMs(response.headers.get('Retry-After'), Date.now())
    const { received, errors }: BatchAnswer = await response.json()
    const codes: Codes = {}
    for (const { index, code } of errors || []) codes[index] = code
    // A captive portal or a wrong proxy says 200 to everything.
    if (response.ok && typeof received === 'number') return { is: 'delivered', codes }
  } catch {
    // No connection, no answer in time, or no JSON.
  }
  return { is: 'retry', waitMs }
}
