import { backoffMs } from './backoff.ts'
import { takeBatch, toBody } from './batch.ts'
import type { ConsentKeeper } from './consent.ts'
import type { Entry } from './entry.ts'
import { madeAt } from './envelope.ts'
import type { Journal } from './journal.ts'
import {
  DRAIN_AGE_MS,
  DRAIN_MAX_MS,
  DRAIN_MIN_MS,
  EVENT_MAX_AGE_MS,
  ON_ITS_WAY_MS,
  REQUEST_TIMEOUT_MS,
} from './limits.ts'
import { openPause } from './pause.ts'
import type { Queue } from './queue.ts'
import { namesOf, remove } from './storage.ts'
import { type Outcome, post } from './transport.ts'

interface Parts {
  url: string
  flushMs: number
  consent: ConsentKeeper
  queue: Queue
  journal: Journal
  /** Of what is kept over pages, and of the lock. */
  prefix: string
  log(...line: unknown[]): void
  complain(sentence: string): void
}

/** In place of what holds the call's promise in memory. */
const answered = () => {}

/** Empties the queue: in batches, one request at a time, each event until the server has answered for it. */
export const createSender = ({ url, flushMs, consent, queue, journal, prefix, log, complain }: Parts) => {
  const { waiting, own, settle } = queue
  const pause = openPause(`${prefix}pause`)

  // held: not shown yet (prerendered), or consent is pending: all in memory · here: sends · away: left · stopped: the key is refused
  let phase: 'held' | 'here' | 'away' | 'stopped' = 'held'
  let timer: ReturnType<typeof setTimeout> | undefined
  let drainTimer: ReturnType<typeof setTimeout> | undefined
  let inFlight: Promise<void> | undefined
  /** That what waits goes now; else with the timer. */
  let more = false
  let sentAt = 0
  /** Grows with each batch that passes, shrinks when one is refused. */
  let maxEvents = Infinity
  let passes = 0
  /** So many had passed before this go. */
  let passedBefore = 0
  /** Of an event that was refused alone, by messageId: each drain makes new entries. It is given up when more have passed. */
  const refusedAt: Record<string, number> = {}
  /** Refused alone in this go since a batch has passed: they let others go first. */
  let suspects = new Set<Entry>()
  /** That everything is refused. */
  let told = false
  /** Ends the wait for an answer: Firefox and WebKit tell no page that was cached meanwhile. */
  let left: ((value?: undefined) => void) | undefined
  /** What was sent and has no answer yet. */
  let flying: Entry[] = []
  const checks = new Set<() => void>()

  const sleep = () => {
    clearTimeout(timer)
    timer = undefined
  }

  const setPause = (ms: number, failures: number) => {
    // What was to end with the pause of before.
    sleep()
    // The answer to a request may come after consent was refused.
    if (phase !== 'held') pause.set(ms, failures)
  }

  /** Tells the calls that wait that their events are kept, and will be tried again. */
  const tellSaved = (entries: Entry[], reason?: string) =>
    entries.forEach((entry) => {
      entry.answer!({ messageId: entry.messageId, status: 'saved', reason })
      entry.answer = answered
    })

  /** What waits outlives the page, and the calls that wait for it are told so. */
  const keep = () => {
    journal.save(own())
    tellSaved(own())
  }

  const wake = () => {
    if (phase === 'here' && waiting.size)
      // Other tabs wake from the same pause, those out of sight at the same moment: one of these tries, and the first makes
      // the pause longer for all. In sight no lock is waited for: phones stop tabs out of sight, with the locks they hold.
      timer ||= setTimeout(
        document.hidden && pause.read()[2] ? drainNow : hurry,
        Math.max(pause.leftMs() * (1 + Math.random() / 10), Date.now() - sentAt < flushMs ? flushMs : 0),
      )
  }

  /** Sends what waits now, without waiting for the timer. */
  const hurry = () => {
    sleep()
    more = true
    inFlight ||= sendAll()
  }

  const sendAll = async () => {
    // Not before `inFlight` is set.
    await null
    suspects = new Set()
    passedBefore = passes
    while (
      more &&
      waiting.size > suspects.size &&
      phase === 'here' &&
      // Another tab's word of it may still be on its way.
      consent.now() === 'granted' &&
      !pause.leftMs()
    ) {
      const batch = takeBatch(
        [...waiting].filter((entry) => !suspects.has(entry)),
        maxEvents,
      )
      more = batch.length < waiting.size
      sentAt = Date.now()
      flying = batch
      const failures = pause.read()[2]
      const timeoutMs = REQUEST_TIMEOUT_MS * 2 ** Math.min(3, failures)
      // One tab tries for all, also where there are no locks, or it is in sight.
      if (failures) setPause(timeoutMs, failures)
      const outcome = await new Promise<Outcome | undefined>((resolve) => {
        left = resolve
        post(url, toBody(batch, queue.stats()), timeoutMs).then(resolve)
      })
      log('request', batch.length, outcome)
      flying = []
      if (!outcome) break
      const { codes, refused, waitMs } = outcome
      if (codes) {
        batch.forEach((entry, index) => {
          const code = codes[index]
          settle(entry, code ? 'rejected' : 'stored', code)
        })
        passes++
        suspects = new Set()
        maxEvents *= 2
        if (failures) {
          setPause(0, 0)
          drainNow()
        }
      } else if (refused) narrow(batch, refused, failures)
      else fail(failures, waitMs)
      for (const check of checks) check()
    }
    // In the same turn: who awaits one of the calls goes on after that, and may ask for more.
    inFlight = undefined
    wake()
  }

  /** Finds the event for which a batch is refused, and gives it up only when it is refused alone again, and others have passed since. */
  const narrow = (batch: Entry[], status: number, failures: number) => {
    const entry = batch[0]!
    const reason = `http_${status}`
    more = true
    if (failures) setPause(0, failures)
    if (/40[13]/.test(reason)) {
      phase = 'stopped'
      tellSaved(own(), reason)
      complain(`write key refused (${status}): check data-key and allowedOrigins`)
    } else if (batch[1]) maxEvents = Math.ceil(batch.length / 2)
    else if (refusedAt[entry.messageId]! < passes) settle(entry, 'rejected', reason)
    else {
      // One alone is refused where others pass, if they did just before; of several it is not known.
      if (suspects.add(entry).size > 1) passedBefore = passes
      suspects.forEach(({ messageId }) => {
        refusedAt[messageId] = passedBefore
      })
      // Others may pass: more of them after each pause, so that a few poison events at the head hold nothing up for ever.
      if (suspects.size >= Math.min(waiting.size, 3 + failures)) {
        // Not at the first: it may be one event alone.
        if (failures && !told) {
          told = true
          complain(`everything refused (${status}): check data-host`)
        }
        fail(failures)
      }
    }
  }

  const fail = (failures: number, waitMs = 0) => {
    const ms = Math.max(waitMs, backoffMs(failures, Math.random()))
    setPause(waitMs ? -ms : ms, failures + 1)
    suspects = new Set()
    keep()
  }

  /**
   * Sends them in one beacon, unless the server has asked to wait. What doesn't fit is in the journal; the newest go,
   * because the oldest are tried first on the next visit.
   */
  const beacon = (entries: Entry[]) => {
    if (pause.askedMs()) return
    while (entries[0] && !navigator.sendBeacon?.(url, toBody(entries, queue.stats())))
      entries = entries.slice(1 + entries.length / 4)
  }

  const drainIn = (ms: number) => {
    clearTimeout(drainTimer)
    drainTimer = setTimeout(drainNow, ms)
  }

  /** A drain, and after failures a try with it. Who finds another tab at it looks again later, or is told by what that one writes. */
  const drainNow = async () => {
    // One tab of the origin at a time, where the browser has locks; else two may send the same, and the server keeps one.
    // No locks on plain http, and an exception or a rejection in some sandboxes.
    const oneTab = async () => navigator.locks.request(prefix, { ifAvailable: true }, (lock) => !lock || drain())
    const rest = await oneTab().catch(drain)
    if (rest) drainIn(DRAIN_AGE_MS)
  }

  /** Sends what other tabs and earlier pages have left, and tells whether some of it is left for later. */
  const drain = async (): Promise<boolean> => {
    let rest = false
    let due: unknown
    if (phase !== 'here') return rest
    for (const entry of queue.left()) {
      const age = Date.now() - madeAt(entry.id)
      // A clock that was set back makes events of the future: they are no one's any more.
      if (pause.leftMs() || Math.abs(age) < DRAIN_AGE_MS) rest = true
      else {
        due = waiting.add(entry)
        if (age > EVENT_MAX_AGE_MS) settle(entry, 'dropped', 'expired')
      }
    }
    // The page's own have their time, unless they were tried.
    if (due || pause.read()[2]) hurry()
    await inFlight
    // Those that are not settled stay in the journal.
    for (const entry of waiting) if (!entry.answer) rest = waiting.delete(entry)
    return rest
  }

  /** The page is there, at first or again from the back/forward cache; or consent has changed, here or in another tab. */
  const enter = () => {
    const state = consent.now()
    if (state === 'denied') {
      phase = 'held'
      for (const entry of waiting) settle(entry, 'dropped', 'opted_out')
      for (const name of namesOf(prefix)) if (name !== 'consent') remove(prefix + name)
    } else if (state === 'granted' && !document.prerendering && (phase === 'held' || phase === 'away')) {
      if (phase === 'held') own().forEach(journal.put)
      phase = 'here'
      queue.measure()
      drainIn(DRAIN_MIN_MS + Math.random() * (DRAIN_MAX_MS - DRAIN_MIN_MS))
    }
    // Another tab may have ended the pause.
    sleep()
    wake()
  }

  return {
    hurry,

    /** Something was added. */
    add(entry: Entry) {
      if (phase !== 'held') journal.put(entry)
      queue.add(entry)
      // Of what the page tracks when it has gone, no other event tells.
      if (phase === 'away') beacon([entry])
      if (phase !== 'here' || pause.leftMs()) tellSaved([entry])
      wake()
    },

    /** Resolves with how many events made before are not answered for, once there are none or the time is up. */
    flush: (options?: { timeoutMs?: number } | null): Promise<number> =>
      new Promise((resolve) => {
        const before = own()
        const timer = setTimeout(() => check(true), Math.min(options?.timeoutMs ?? REQUEST_TIMEOUT_MS, 1e9))
        const check = (late?: boolean) => {
          const left = before.filter((entry) => waiting.has(entry)).length
          if (!left || late || phase === 'stopped') {
            // It would keep Node alive.
            clearTimeout(timer)
            checks.delete(check)
            resolve(left)
          }
        }
        checks.add(check)
        hurry()
        check()
      }),

    /** The page goes: what is not on its way in one beacon. */
    leave() {
      // Consent may have changed in another tab, and the word of it be on its way.
      enter()
      if (phase !== 'here') return
      // What has just been sent is on its way, and in the journal: with the next page's try it would be sent three times.
      const fresh = Date.now() - sentAt < ON_ITS_WAY_MS ? flying : []
      beacon(own().filter((entry) => !fresh.includes(entry)))
      phase = 'away'
      // Of a frame that is removed no task ends.
      keep()
      left?.()
    },

    enter,

    /** The network is back. */
    online() {
      setPause(0, 0)
      hurry()
      drainNow()
    },
  }
}

export type Sender = ReturnType<typeof createSender>
