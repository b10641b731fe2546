import { backoffMs } from './backoff.ts'
import { takeBatch, toBody } from './batch.ts'
import type { Clock } from './clock.ts'
import { madeAt } from './envelope.ts'
import type { Entry, Journal } from './journal.ts'
import {
  BATCH_MAX_BYTES,
  BEACON_MAX_BYTES,
  DRAIN_AGE_MS,
  DRAIN_MAX_MS,
  DRAIN_MIN_MS,
  EVENT_MAX_AGE_MS,
  REQUEST_TIMEOUT_MS,
  RETRY_AFTER_MAX_MS,
} from './limits.ts'
import type { Queue } from './queue.ts'
import { read, write } from './storage.ts'
import { post } from './transport.ts'

interface Parts {
  url: string
  flushMs: number
  queue: Queue
  journal: Journal
  clock: Clock
  /** Of what is kept over pages, and of the lock. */
  prefix: string
  log(...line: unknown[]): void
  complain(sentence: string): void
}

/** Something else than us may have written to the storage, or removed from it. */
const isReadable = ({ json, envelope }: Entry): boolean => {
  try {
    return JSON.parse(`${envelope.head}}`) && JSON.parse(json)
  } catch {
    return false
  }
}

/** Empties the queue: in batches, one request at a time, each event until the server has answered for it. */
export const createSender = ({ url, flushMs, queue, journal, clock, prefix, log, complain }: Parts) => {
  const { waiting, own, settle } = queue
  const { now } = clock
  const pauseKey = `${prefix}pause`

  // away: not shown yet (prerendered), or left · here: sends · stopped: the key is refused
  let phase: 'away' | 'here' | 'stopped' = 'away'
  let timer: ReturnType<typeof setTimeout> | undefined
  let drainTimer: ReturnType<typeof setTimeout> | undefined
  let inFlight: Promise<void> | undefined
  /** How many are still to be sent in this go; those that come meanwhile wait for the rest of `flushMs`. */
  let due = 0
  let sentAt = 0
  let failures = 0
  /** Grows with each batch that passes, shrinks when one is refused. */
  let maxEvents = Infinity
  let passes = 0
  /** Lone refusals since a batch has passed, or since the last pause. */
  let refusals = 0
  /** That everything is refused. */
  let told = false
  /** In a refused batch: how many batches had passed by then, and how often it was refused alone. */
  const suspects = new Map<string, { since: number; alone: number }>()
  let checks: (() => void)[] = []

  /** Until when nothing is sent, by all tabs and later pages, in ms since 1970; negative if the server has asked for it. */
  let pause = 0
  const readPause = () => +(read(pauseKey) || pause)
  const setPause = (until: number) => {
    pause = until
    write(pauseKey, `${until}`)
  }
  // Bounded, because the clock may have been set back since.
  const pauseMs = () => Math.min(RETRY_AFTER_MAX_MS, Math.max(0, Math.abs(readPause()) - now()))

  /** Tells the calls that wait that their events are kept, and will be tried again. */
  const saveAll = (reason?: string) => {
    for (const { messageId, answer } of waiting.values()) answer?.({ messageId, status: 'saved', reason })
  }

  const wake = () => {
    if (phase === 'here' && !timer && !inFlight && waiting.size)
      timer = setTimeout(hurry, Math.max(pauseMs(), Math.min(flushMs, sentAt + flushMs - now())))
  }

  const sleep = () => {
    clearTimeout(timer)
    timer = undefined
  }

  /** Sends what waits now, without waiting for the timer. */
  const hurry = () => {
    sleep()
    due = waiting.size
    if (phase === 'here' && !pauseMs())
      inFlight ??= sendDue().then(() => {
        inFlight = undefined
        wake()
      })
    wake()
  }

  const sendDue = async () => {
    while (due > 0 && waiting.size && phase === 'here' && !pauseMs()) {
      await deliver(takeBatch(waiting.values(), BATCH_MAX_BYTES, maxEvents))
      for (const check of checks) check()
    }
  }

  const deliver = async (batch: Entry[]) => {
    sentAt = now()
    const outcome = await post(url, toBody(batch, sentAt), REQUEST_TIMEOUT_MS * 2 ** Math.min(3, failures))
    log('request', batch.length, outcome)
    if (outcome.is === 'delivered') {
      for (const { index, code } of outcome.errors || []) if (batch[index]) settle(batch[index], 'rejected', code)
      for (const entry of batch) {
        settle(entry, 'stored')
        suspects.delete(entry.id)
      }
      due -= batch.length
      passes++
      refusals = 0
      maxEvents *= 2
      if (failures) {
        failures = 0
        setPause(0)
        drainIn(0)
      }
    } else if (outcome.is === 'retry') fail(outcome.waitMs)
    else if (/40[13]/.test(`${outcome.status}`)) {
      phase = 'stopped'
      saveAll(`http_${outcome.status}`)
      complain(`write key refused (${outcome.status}): check data-key. Events are kept, sending stops`)
    } else narrow(batch, outcome.status)
  }

  const toEnd = (entry: Entry) => {
    waiting.delete(entry.id)
    waiting.set(entry.id, entry)
  }

  /** Finds the event for which a batch is refused, and gives it up only when it is refused again while others pass. */
  const narrow = (batch: Entry[], status: number) => {
    for (const { id } of batch) if (!suspects.has(id)) suspects.set(id, { since: passes, alone: 0 })
    const entry = batch[0]!
    const suspect = suspects.get(entry.id)!
    if (batch[1]) maxEvents = Math.ceil(batch.length / 2)
    else if (suspect.alone++ && suspect.since < passes) {
      settle(entry, 'rejected', `http_${status}`)
      due--
    } else {
      // Others may pass.
      toEnd(entry)
      // More of them after each pause, so that a few poison events at the head hold nothing up for ever.
      if (++refusals >= Math.min(waiting.size, 3 + failures)) {
        // Not at the first: it may be one event alone.
        if (failures && !told) {
          told = true
          complain(`everything refused (${status}): check data-host. Events are kept`)
        }
        refusals = 0
        for (const id of [...waiting.keys()].sort()) toEnd(waiting.get(id)!)
        fail()
      }
    }
  }

  const fail = (waitMs = 0) => {
    failures++
    const until = now() + Math.max(waitMs, backoffMs(failures, clock.random()))
    setPause(waitMs ? -until : until)
    saveAll()
  }

  const drainIn = (ms: number) => {
    clearTimeout(drainTimer)
    drainTimer = setTimeout(async () => {
      // One tab of the origin at a time, where the browser has locks; else two may send the same, and the server keeps one.
      let more: boolean
      try {
        more = await navigator.locks.request(prefix, { ifAvailable: true }, (lock) => !lock || drain())
      } catch {
        // No locks on plain http, and an exception in some sandboxes.
        more = await drain()
      }
      if (more) drainIn(DRAIN_AGE_MS)
    }, ms)
  }

  /** Sends what other tabs and earlier pages have left, and tells whether some of it is left for later. */
  const drain = async (): Promise<boolean> => {
    let young = false
    const left = journal.list((id) => {
      // A clock that was set back makes events of the future: they are no one's any more.
      const tooYoung = Math.abs(now() - madeAt(id)) < DRAIN_AGE_MS && !waiting.has(id)
      young ||= tooYoung
      return tooYoung || waiting.has(id)
    })
    if (phase !== 'here') return false
    if (pauseMs()) return young || !!left[0]
    for (const entry of left) {
      waiting.set(entry.id, entry)
      if (now() - madeAt(entry.id) > EVENT_MAX_AGE_MS) settle(entry, 'dropped', 'expired')
      else if (!isReadable(entry)) settle(entry, 'dropped', 'unreadable')
    }
    hurry()
    await inFlight
    // Those that are not settled stay in the journal.
    for (const { id, answer } of waiting.values()) {
      if (answer) continue
      waiting.delete(id)
      young = true
    }
    return young
  }

  return {
    /** Something was added. */
    add(entry: Entry) {
      queue.add(entry)
      if (phase !== 'here' || pauseMs()) entry.answer!({ messageId: entry.messageId, status: 'saved' })
      wake()
    },

    /** Resolves with how many events made before are not answered for, once there are none or the time is up. */
    flush: ({ timeoutMs = REQUEST_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<number> =>
      new Promise((resolve) => {
        const before = own()
        const check = (late?: boolean) => {
          const left = before.filter(({ id }) => waiting.has(id)).length
          if (!left || late || phase === 'stopped') {
            checks = checks.filter((other) => other !== check)
            resolve(left)
          }
        }
        checks.push(check)
        setTimeout(check, Math.min(timeoutMs, 2 ** 31 - 1), true)
        hurry()
        check()
      }),

    hide: hurry,

    /** The page goes: everything unanswered in one beacon. */
    leave() {
      if (phase === 'stopped' || phase === 'away') return
      const entries = readPause() < 0 && pauseMs() ? [] : own().reverse()
      // What doesn't fit is in the journal; the newest go, because the oldest are tried first on the next visit.
      for (
        let max = inFlight ? BEACON_MAX_BYTES - BATCH_MAX_BYTES : BEACON_MAX_BYTES;
        entries[0] && max > 1000;
        max /= 2
      )
        if (navigator.sendBeacon?.(url, toBody(takeBatch(entries, max).reverse(), now()))) break
      phase = 'away'
      sleep()
      saveAll()
    },

    /** The page is there: at first, or again from the back/forward cache. */
    enter() {
      if (phase === 'away') phase = 'here'
      wake()
      drainIn(DRAIN_MIN_MS + clock.random() * (DRAIN_MAX_MS - DRAIN_MIN_MS))
    },

    /** The network is back. */
    online() {
      if (readPause() > 0) setPause(0)
      hurry()
      drainIn(0)
    },
  }
}

export type Sender = ReturnType<typeof createSender>
