import { takeBatch, toBody } from './batch.ts'
import type { Clock } from './clock.ts'
import type { Entry, Journal } from './journal.ts'
import {
  BATCH_MAX_BYTES,
  BEACON_MAX_BYTES,
  DRAIN_AGE_MS,
  DRAIN_MAX_MS,
  DRAIN_MIN_MS,
  EVENT_MAX_AGE_MS,
  REQUEST_TIMEOUT_MS,
} from './limits.ts'
import type { Pause } from './pause.ts'
import type { Queue } from './queue.ts'
import { post } from './transport.ts'

/** Empties the queue: in batches, one request at a time, each event until the server has answered for it. */
export interface Sender {
  /** Something was added. */
  wake(): void
  /** Sends what waits now, without waiting for the timer. */
  hurry(): void
  /** Resolves with how many events made before are not answered for, once there are none or the time is up. */
  flush(timeoutMs?: number): Promise<number>
  /** The page goes: everything unanswered in one beacon. */
  leave(): void
  /** The page is there: at first, or again from the back/forward cache. */
  enter(): void
  /** The network is back. */
  online(): void
}

interface Parts {
  url: string
  flushMs: number
  queue: Queue
  journal: Journal
  pause: Pause
  clock: Clock
  lockName: string
  log(...line: unknown[]): void
  complain(sentence: string): void
}

export const createSender = ({
  url,
  flushMs,
  queue,
  journal,
  pause,
  clock,
  lockName,
  log,
  complain,
}: Parts): Sender => {
  // away: not shown yet (prerendered), or left · here: sends · waiting: after a failure · stopped: the key is refused
  let phase: 'away' | 'here' | 'waiting' | 'stopped' = 'away'
  let timer: ReturnType<typeof setTimeout> | undefined
  let drainTimer: ReturnType<typeof setTimeout> | undefined
  let inFlight: Promise<void> | undefined
  let inFlightBytes = 0
  /** How many are still to be sent in this go; those that come meanwhile wait for the rest of `flushMs`. */
  let due = 0
  let sentAt = 0
  /** Grows with each batch that passes, shrinks when one is refused. */
  let maxEvents = Infinity
  let passes = 0
  /** Refused alone, each with the number of batches that had passed by then. */
  const suspects = new Map<string, number>()
  let complained = false
  const flushes = new Set<() => void>()

  const wake = () => {
    if (phase !== 'here') queue.saveAll()
    else if (!timer && !inFlight && queue.size()) {
      const pauseMs = pause.leftMs()
      // Bounded, because the clock may have been set back since.
      const restMs = Math.max(0, Math.min(flushMs, sentAt + flushMs - clock.now()))
      if (pauseMs) {
        phase = 'waiting'
        queue.saveAll()
      }
      timer = setTimeout(hurry, Math.max(pauseMs, restMs))
    }
  }

  const hurry = () => {
    if (phase === 'waiting') phase = 'here'
    clearTimeout(timer)
    timer = undefined
    if (phase !== 'here' || pause.leftMs()) return wake()
    due = queue.size()
    inFlight ??= sendDue().finally(() => {
      inFlight = undefined
      wake()
    })
  }

  const sendDue = async () => {
    while (due > 0 && queue.size() && phase === 'here' && !pause.leftMs()) {
      await deliver(takeBatch(queue.entries(), BATCH_MAX_BYTES, maxEvents))
      for (const check of flushes) check()
    }
  }

  const deliver = async (batch: Entry[]) => {
    sentAt = clock.now()
    const body = toBody(batch, sentAt)
    inFlightBytes = body.length
    const outcome = await post(url, body, REQUEST_TIMEOUT_MS * 2 ** Math.min(3, pause.failures()))
    inFlightBytes = 0
    log('request', batch.length, outcome)
    if (outcome.is === 'delivered') {
      const refused = new Map(outcome.errors.map(({ index, code }) => [index, code]))
      batch.forEach((entry, index) => {
        const code = refused.get(index)
        queue.settle(entry, code ? 'rejected' : 'stored', code)
        suspects.delete(entry.id)
      })
      due -= batch.length
      passes++
      maxEvents *= 2
      if (pause.failures()) {
        pause.pass()
        drainIn(0)
      }
    } else if (outcome.is === 'retry') fail(outcome.afterMs)
    else if (outcome.status === 401 || outcome.status === 403) {
      phase = 'stopped'
      queue.saveAll(`http_${outcome.status}`)
      complain(`the server refuses the write key (${outcome.status}); check data-key. Events are kept, sending stops`)
    } else narrow(batch, outcome.status)
  }

  /** Finds the event for which a batch is refused, and gives it up only when others pass. */
  const narrow = (batch: Entry[], status: number) => {
    const entry = batch[0]!
    if (batch.length > 1) {
      maxEvents = Math.ceil(batch.length / 2)
    } else if (suspects.get(entry.id)! < passes) {
      suspects.delete(entry.id)
      queue.settle(entry, 'rejected', `http_${status}`)
      due--
    } else {
      suspects.set(entry.id, passes)
      queue.toBack(entry)
      // More of them after each pause, so that a few poison events at the head hold nothing up for ever.
      if (
        [...suspects.values()].filter((then) => then === passes).length >
        Math.min(queue.size() - 1, 2 + pause.failures())
      ) {
        fail()
        if (!complained) complain(`the server refuses everything (${status}); is data-host right? Events are kept`)
        complained = true
      }
    }
  }

  const fail = (retryAfterMs?: number) => {
    pause.fail(retryAfterMs)
    queue.saveAll()
  }

  const drainIn = (ms: number) => {
    clearTimeout(drainTimer)
    drainTimer = setTimeout(async () => {
      if (await drainAlone()) drainIn(DRAIN_AGE_MS)
    }, ms)
  }

  /** One tab of the origin at a time, where the browser has locks; two may send the same, and the server keeps one. */
  const drainAlone = async (): Promise<boolean> => {
    try {
      return await navigator.locks.request(lockName, { ifAvailable: true }, (lock) => !lock || drain())
    } catch {
      // No locks on plain http, and an exception in some sandboxes.
      return drain()
    }
  }

  /** Sends what other tabs and earlier pages have left, and tells whether there is more to come. */
  const drain = async (): Promise<boolean> => {
    for (;;) {
      const now = clock.now()
      const found = journal.list(queue.has)
      // A clock that was set back makes events of the future: they are no one's any more.
      const left = found.filter(({ madeAt }) => Math.abs(now - madeAt) > DRAIN_AGE_MS)
      if (!left.length || phase !== 'here' || pause.leftMs()) return found.length > 0
      let bytes = 0
      for (const { madeAt, read } of left) {
        const entry = read()
        if (!entry) continue
        queue.adopt(entry)
        if (now - madeAt > EVENT_MAX_AGE_MS) queue.settle(entry, 'dropped', 'expired')
        else if (!entry.envelope.head) queue.settle(entry, 'dropped', 'envelope_lost')
        else bytes += entry.bytes
        if (bytes > BATCH_MAX_BYTES) break
      }
      hurry()
      await inFlight
      queue.disown()
    }
  }

  return {
    wake,
    hurry,
    flush: (timeoutMs = REQUEST_TIMEOUT_MS) =>
      new Promise((resolve) => {
        const before = queue.own()
        const left = () => before.filter(({ id }) => queue.has(id)).length
        const finish = () => {
          flushes.delete(check)
          clearTimeout(limit)
          resolve(left())
        }
        const check = () => (phase === 'stopped' || !left()) && finish()
        const limit = setTimeout(finish, Math.min(timeoutMs, 2 ** 31 - 1))
        flushes.add(check)
        hurry()
        check()
      }),
    leave() {
      const own = phase === 'stopped' || pause.asked() ? [] : queue.own()
      // What doesn't fit is in the journal; the newest go, because the oldest are tried first on the next visit.
      for (let max = BEACON_MAX_BYTES - inFlightBytes; own[0] && max > 1000; max /= 2) {
        const batch = takeBatch(own.slice().reverse(), max).reverse()
        if (navigator.sendBeacon?.(url, toBody(batch, clock.now()))) break
      }
      if (phase !== 'stopped') phase = 'away'
      clearTimeout(timer)
      timer = undefined
      queue.saveAll()
    },
    enter() {
      if (phase === 'away') phase = 'here'
      wake()
      drainIn(DRAIN_MIN_MS + clock.random() * (DRAIN_MAX_MS - DRAIN_MIN_MS))
    },
    online() {
      pause.hurry()
      hurry()
      drainIn(0)
    },
  }
}
