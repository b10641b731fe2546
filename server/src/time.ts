const DAY_MS = 86_400_000
const DAYS_OF_400_YEARS = 146_097

/** Numbers below are seconds of the epoch, from there on milliseconds: 1e11 s is the year 5138, 1e11 ms is 1973. */
const EPOCH_MS_FROM = 1e11

/** What ISO 8601 writes with four digits of year; anything else is taken for a mistake of the sender. */
const YEAR_0_MS = Date.parse('0000-01-01T00:00:00.000Z')
const YEAR_10000_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1

/** No form of a time is longer; a request's one `sentAt` is read for each of its events. */
const TIME_MAX_CHARS = 64

const DIGITS = /^-?\d+(\.\d+)?$/
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d)?)?)?$/

/**
 * Milliseconds since the epoch of a time in any form that clients send: ISO 8601 in any zone (none is UTC, a date alone
 * is its midnight UTC), or the epoch in seconds or milliseconds, as a number or as digits. What is finer than a
 * millisecond is cut off. `undefined` if it is no such time, or outside the years 0 to 9999.
 */
export function parseTime(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? epochMs(value) : typeof value === 'string' ? textMs(value) : Number.NaN
  return ms >= YEAR_0_MS && ms < YEAR_10000_MS ? ms : undefined
}

// A millisecond of today as a double of seconds is off by up to 1.2e-7 s: without the half microsecond it would be cut to the one before.
const epochMs = (epoch: number) =>
  Math.abs(epoch) < EPOCH_MS_FROM ? Math.floor(epoch * 1000 + 5e-4) : Math.floor(epoch)

function textMs(said: string): number {
  if (said.length > TIME_MAX_CHARS) return Number.NaN
  const text = said.trim()
  const ms = usualMs(text)
  if (!Number.isNaN(ms)) return ms
  return DIGITS.test(text) ? epochMs(Number(text)) : isoMs(text)
}

/** The last day that was read: nearly all times of a request are of one. */
let lastRead = { day: '', startMs: Number.NaN }

/** What Date.toISOString writes, as nearly all clients do, at a third of the cost; NaN for any other form. */
function usualMs(text: string): number {
  if (text.length !== USUAL.length) return Number.NaN
  for (let at = DAY_CHARS; at < USUAL.length; at += 1) {
    const code = text.charCodeAt(at)
    const expected = USUAL.charCodeAt(at)
    if (expected === ZERO ? code < ZERO || code > ZERO + 9 : code !== expected) return Number.NaN
  }
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  const day = text.slice(0, DAY_CHARS)
  if (day !== lastRead.day) lastRead = { day, startMs: isoMs(day) }
  const millis = twoDigits(text, 20) * 10 + text.charCodeAt(22) - ZERO
  return lastRead.startMs + ((hour * 60 + minute) * 60 + second) * 1000 + millis
}

/** The last time that was read of those that a request shares. */
let lastWritten: { text: string; ms: number | undefined } = { text: '', ms: undefined }

/** Of a time exactly as `iso` writes it. */
export function writtenMs(text: string | null | undefined): number | undefined {
  if (typeof text !== 'string') return undefined
  const ms = usualMs(text)
  // The leap second is read and never written.
  return Number.isNaN(ms) || text.startsWith('60', 17) ? undefined : ms
}

/** The same, of a time that a whole request shares. */
export function sharedWrittenMs(text: string): number | undefined {
  if (text !== lastWritten.text) lastWritten = { text, ms: writtenMs(text) }
  return lastWritten.ms
}

const USUAL = '0000-00-00T00:00:00.000Z'
const DAY_CHARS = '0000-00-00'.length
const ZERO = 48

const twoDigits = (text: string, at: number) => (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO

function isoMs(text: string): number {
  const match = ISO.exec(text)
  if (!match) return Number.NaN
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', , sign, zoneHours = 0, zoneMinutes = 0] =
    match
  const dayMs = midnightMs(Number(year), Number(month), Number(day))
  // A leap second is written :60, and is the first of the next minute here.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return Number.NaN
  if (Number(zoneHours) > 23 || Number(zoneMinutes) > 59) return Number.NaN
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  const timeMs = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
  return dayMs + timeMs + Number(fraction.slice(0, 3).padEnd(3, '0')) - (sign === '-' ? -zoneMs : zoneMs)
}

/** NaN for a day that no calendar has. */
function midnightMs(year: number, month: number, day: number): number {
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; 400 years are the same number of days everywhere in the calendar.
  const ms = Date.UTC(year + 400, month - 1, day) - DAYS_OF_400_YEARS * DAY_MS
  const made = new Date(ms)
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day ? ms : Number.NaN
}

/** What a call and its envelope say of time, unread. */
export interface SaidTimes {
  timestamp: unknown
  originalTimestamp: unknown
  sentAt: unknown
  envelopeSentAt: unknown
  /** What the source calls `timestamp`. */
  timestampName?: string | undefined
  /** The source has corrected `timestamp` already. */
  isCorrected?: boolean | undefined
  /** How long before the request it happened, in ms; it comes before a time. */
  agoMs?: number | undefined
}

/** All in ISO 8601, UTC, milliseconds. */
export interface Times {
  originalTimestamp: string | null
  sentAt: string | null
  timestamp: string
  receivedAt: string
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

/** The last day that was written: nearly all times are of today, and Date.toISOString takes five times as long. */
let lastDay = { startMs: Number.NaN, text: '' }

/** The time of receipt is that of a whole request. */
let lastShared = { ms: Number.NaN, text: '' }

export function sharedIso(ms: number): string {
  if (ms !== lastShared.ms) lastShared = { ms, text: iso(ms) }
  return lastShared.text
}

/** ISO 8601 in UTC with milliseconds, of the years 0 to 9999. */
export function iso(ms: number): string {
  const startMs = Math.floor(ms / DAY_MS) * DAY_MS
  if (startMs !== lastDay.startMs) lastDay = { startMs, text: new Date(startMs).toISOString().slice(0, 11) }
  const seconds = Math.floor((ms - startMs) / 1000)
  const minutes = Math.floor(seconds / 60)
  const millis = String((ms - startMs) % 1000).padStart(3, '0')
  const clock = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`
  return `${lastDay.text}${clock}.${millis}Z`
}

/** Of an object the braces only: that of an envelope may be megabytes, or too deep to be written. */
function excerptOf(value: unknown): string {
  if (Array.isArray(value)) return '[]'
  return typeof value === 'object' ? '{}' : JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : value)
}

/**
 * The times of a canonical event. A sender's clock that is wrong is corrected by `sentAt`, which it read from the same
 * clock: `timestamp = receivedAt − (sentAt − originalTimestamp)`. A time that cannot be read counts as absent, and
 * `warn` is told. More than a day ahead is no event of the future but a wrong clock: `receivedAt` stands instead.
 */
export function correctClock(said: SaidTimes, receivedAtMs: number, warn: (warning: string) => void): Times {
  const read = (field: string, value: unknown) => {
    if (value === undefined || value === null || value === '') return undefined
    const ms = parseTime(value)
    if (ms === undefined) warn(`\`${field}\` is not a time and was not used: ${excerptOf(value)}`)
    return ms
  }
  const originalMs =
    read('originalTimestamp', said.originalTimestamp) ?? read(said.timestampName ?? 'timestamp', said.timestamp)
  const sentMs = read('sentAt', said.sentAt) ?? read('sentAt', said.envelopeSentAt)

  const givenMs = said.isCorrected ? read('timestamp', said.timestamp) : undefined
  let correctedMs = givenMs ?? originalMs ?? receivedAtMs
  if (said.agoMs !== undefined) correctedMs = Math.floor(receivedAtMs - said.agoMs)
  else if (givenMs === undefined && originalMs !== undefined && sentMs !== undefined)
    correctedMs = receivedAtMs - (sentMs - originalMs)
  if (correctedMs > receivedAtMs + DAY_MS || correctedMs < YEAR_0_MS) {
    warn('`timestamp` is more than 24 h ahead or before the year 0: the time of receipt stands instead')
    correctedMs = receivedAtMs
  }
  const originalTimestamp = originalMs === undefined ? null : iso(originalMs)
  return {
    originalTimestamp,
    sentAt: sentMs === undefined ? null : iso(sentMs),
    timestamp: correctedMs === originalMs ? originalTimestamp! : iso(correctedMs),
    receivedAt: sharedIso(receivedAtMs),
  }
}
