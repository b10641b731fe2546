import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { refused } from './errors.ts'
import { type Log, LogFull, LogUnavailable, ORDER_DOOR } from './log/port.ts'
import type { Order } from './store/changes.ts'
import type { Outcome, Queries } from './store/queries-port.ts'

/** How long an order is waited for. It is carried out after all that is in the log before it. */
const WAIT_MS = 30_000
const POLL_MS = 5

/** As `Omit`, for each form of an order by itself. */
type Wish = Order extends infer Each ? (Each extends Order ? Omit<Each, 'orderId'> : never) : never

export interface OrdersParts {
  log: Pick<Log, 'append'>
  queries: Pick<Queries, 'outcome'>
  now: () => number
}

/**
 * Puts orders of administrators into the log and waits for what becomes of them. So they hold exactly for what was taken
 * before them, also when the log is replayed. Throws `order_waits` where the store is too far behind, `rate_limited` and
 * `unavailable` where the log does not take them.
 */
export function createOrders({ log, queries, now }: OrdersParts) {
  return async function carryOut(wish: Wish): Promise<Outcome> {
    const orderId = randomUUID()
    const body = Buffer.from(JSON.stringify({ orderId, ...wish }))
    await log
      .append([
        {
          source: 'http',
          door: ORDER_DOOR,
          receivedAtMs: now(),
          workspace: wish.workspace,
          facts: { fromBrowser: false },
          encoding: null,
          body,
          bodyBytes: body.length,
          events: 0,
          refusal: null,
          rulings: null,
        },
      ])
      .catch((error: unknown) => {
        if (error instanceof LogFull) throw refused('rate_limited', error.message)
        if (error instanceof LogUnavailable) throw refused('unavailable')
        throw error
      })
    for (const deadlineMs = performance.now() + WAIT_MS; performance.now() < deadlineMs; await sleep(POLL_MS)) {
      const outcome = queries.outcome(orderId)
      if (outcome) return outcome
    }
    throw refused('order_waits')
  }
}

export type Orders = ReturnType<typeof createOrders>
