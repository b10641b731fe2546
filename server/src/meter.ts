import type { BatchAnswer } from '../../src/wire.ts'

/** The figures of the last so many seconds are kept one by one. */
export const SERIES_S = 600

/** Of so many seconds the present rate is the mean. */
const RATE_S = 10

/** Codes are a closed list; a source may bring its own. */
const CODES_MAX = 200

/** What one second brought. */
interface Second {
  second: number
  accepted: number
  rejected: number
}

/** Counts what senders were answered, since the start of the process. */
export function createMeter(now: () => number) {
  const startedAtMs = now()
  /** Each event has one of them. */
  const verdicts = { accepted: 0, duplicate: 0, rejected: 0, quarantined: 0, ignored: 0 }
  const rejectedByCode = new Map<string, number>()
  const refusedByCode = new Map<string, number>()
  let requests = 0
  /** A ring: the place of a second is its remainder. */
  const seconds: Second[] = Array.from({ length: SERIES_S }, () => ({ second: -1, accepted: 0, rejected: 0 }))

  const secondNow = () => Math.floor(now() / 1000)

  function current(): Second {
    const second = secondNow()
    const place = seconds[second % SERIES_S]!
    if (place.second !== second) Object.assign(place, { second, accepted: 0, rejected: 0 })
    return place
  }

  return {
    /** A request that was read, with the verdicts on its events. */
    answered(answer: BatchAnswer & { ignored?: number }): void {
      const { accepted, duplicates = 0, rejected, quarantined = 0, ignored = 0, errors = [] } = answer
      requests += 1
      verdicts.accepted += accepted - duplicates
      verdicts.duplicate += duplicates
      verdicts.rejected += rejected - quarantined
      verdicts.quarantined += quarantined
      verdicts.ignored += ignored
      for (const { code } of errors) if (code !== 'contract_quarantined') countIn(rejectedByCode, code)
      const second = current()
      second.accepted += accepted
      second.rejected += rejected
    },

    /** A request that was not taken as a whole. */
    refused(code: string): void {
      requests += 1
      countIn(refusedByCode, code)
      current().rejected += 1
    },

    totals: () => ({ startedAtMs, requests, verdicts, rejectedByCode, refusedByCode }),

    /** Each of the last seconds that is over, oldest first. */
    series() {
      const last = secondNow() - 1
      const numbers = Array.from({ length: SERIES_S }, (_, place) => last - SERIES_S + 1 + place)
      const of = (field: 'accepted' | 'rejected') =>
        numbers.map((number) => {
          const second = seconds[number % SERIES_S]!
          return second.second === number ? second[field] : 0
        })
      return { fromMs: numbers[0]! * 1000, accepted: of('accepted'), rejected: of('rejected') }
    },

    /** Events a second at present, accepted and rejected. */
    perSecond(): number {
      const last = secondNow() - 1
      const recent = seconds.filter(({ second }) => second > last - RATE_S && second <= last)
      return recent.reduce((sum, { accepted, rejected }) => sum + accepted + rejected, 0) / RATE_S
    },
  }
}

export type Meter = ReturnType<typeof createMeter>

function countIn(counts: Map<string, number>, code: string): void {
  const counted = counts.has(code) || counts.size < CODES_MAX ? code : 'other'
  counts.set(counted, (counts.get(counted) ?? 0) + 1)
}
