import type { Backlog, Position } from './port.ts'

/** Entries are counted together up to this much and this long: a week of them is some ten thousand segments at most. */
const SEGMENT_BYTES = 64 * 1024
const SEGMENT_MS = 60_000

/** What may go is let go in portions of this much at least, or after a minute: each costs a commit. */
const TRIM_BYTES = 8 * 1024 * 1024
const TRIM_MS = 60_000

interface Segment {
  last: Position
  bytes: number
  fromMs: number
  toMs: number
}

/**
 * What lies in the log, without asking it: how much waits, and how much of what was processed may go. Of that the newest
 * `keepBytes` stay for `keepMs`, so that a store can be made again. Counts in segments: up to 64 KiB too much may count as waiting.
 */
export function createLedger({ keepBytes, keepMs }: { keepBytes: number; keepMs: number }) {
  /** Oldest first; the first `processed` of them are done with. */
  const segments: Segment[] = []
  let processed = 0
  let processedBytes = 0
  let waitingBytes = 0
  let newest: Position = 0
  let released: Position = 0
  let trimmedAtMs = 0

  return {
    add(last: Position, bytes: number, receivedAtMs: number): void {
      newest = last
      waitingBytes += bytes
      const open = segments.at(-1)
      if (
        open &&
        processed < segments.length &&
        open.bytes < SEGMENT_BYTES &&
        receivedAtMs - open.fromMs < SEGMENT_MS
      ) {
        open.last = last
        open.bytes += bytes
        open.toMs = receivedAtMs
      } else {
        segments.push({ last, bytes, fromMs: receivedAtMs, toMs: receivedAtMs })
      }
    },

    release(upTo: Position): void {
      released = Math.max(released, upTo)
      for (let next = segments[processed]; next && next.last <= released; next = segments[processed]) {
        processed += 1
        processedBytes += next.bytes
        waitingBytes -= next.bytes
      }
    },

    /** Forgets what may go, and gives the last position of it; undefined while it is not worth a commit. */
    trim(nowMs: number): Position | undefined {
      if (processedBytes < keepBytes + TRIM_BYTES && nowMs - trimmedAtMs < TRIM_MS) return undefined
      trimmedAtMs = nowMs
      let last: Position | undefined
      for (let oldest = segments[0]; oldest && processed > 0; oldest = segments[0]) {
        if (processedBytes - oldest.bytes < keepBytes && oldest.toMs > nowMs - keepMs) break
        segments.shift()
        processed -= 1
        processedBytes -= oldest.bytes
        last = oldest.last
      }
      return last
    },

    newest: () => newest,
    backlog: (): Backlog => ({ entries: Math.max(0, newest - released), bytes: waitingBytes }),
  }
}
