import type { Refusal } from './errors.ts'
import type { Log, RequestFacts, Source } from './log/port.ts'

/** What a stranger may make us write: some 6 MB an hour at most. */
const RECORDED_PER_MINUTE = 100
const BODY_BYTES = 1024

/** The statuses that a sender is to blame for and would want to see. */
const RECORDED = new Set([400, 401, 403, 413, 422])

export interface RefusedRequest {
  source: Source
  door: string
  workspace: string | null
  facts: RequestFacts
  body: Buffer
  refusal: Refusal
}

/** Puts what was refused as a whole into the log, so that it can be read beside what was rejected of batches. */
export function createRefusalLog({ log, now }: { log: Pick<Log, 'append'>; now: () => number }) {
  let minute = 0
  let recorded = 0
  let leftOut = 0

  function mayRecord(): boolean {
    const current = Math.floor(now() / 60_000)
    if (current !== minute) {
      minute = current
      recorded = 0
    }
    recorded += 1
    return recorded <= RECORDED_PER_MINUTE
  }

  return {
    /** Not waited for: the answer does not depend on it. */
    record({ body, ...request }: RefusedRequest): void {
      const { status, code } = request.refusal
      // What cannot be read at all is mostly a page that went away in the middle.
      if (!RECORDED.has(status) || code === 'invalid_request') return
      if (!mayRecord()) {
        leftOut += 1
        return
      }
      const excerpt = body.subarray(0, BODY_BYTES)
      const entry = {
        ...request,
        receivedAtMs: now(),
        encoding: null,
        body: excerpt,
        bodyBytes: excerpt.length,
        events: 0,
        rulings: null,
      }
      log.append([entry]).catch(() => {
        leftOut += 1
      })
    },
    /** Refused requests that cannot be read of: too many in a minute, or the log did not take them. */
    leftOut: () => leftOut,
  }
}

export type RefusalLog = ReturnType<typeof createRefusalLog>
