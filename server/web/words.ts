import { serverNowMs } from './now.ts'

/** No text of an event is shown longer than this outside its JSON. */
const SHOWN_CHARS = 200

/**
 * Text of strangers, as it may be shown: cut, and with the marks that make a name read as another one, or not be seen,
 * written out. It stays text: whoever renders it sets it as a text node.
 */
export function shown(value: unknown, chars = SHOWN_CHARS): string {
  const text = String(value ?? '')
  return visible(text.length > chars ? `${text.slice(0, chars)}…` : text)
}

/**
 * Controls, direction marks, and what cannot be seen, letters among them. Line breaks of JSON stay, what joins two emoji
 * to one, and what makes an emoji of a sign.
 */
const MARKS =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800](?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?\u200d|[\p{Extended_Pictographic}#*\d][\ufe0e\ufe0f])/gu

export const visible = (text: string) =>
  text.replace(MARKS, (mark) => `\\u${mark.codePointAt(0)!.toString(16).padStart(4, '0')}`)

export function shortId(id: string): string {
  if (/^[0-9a-f]{8}-/i.test(id)) return id.slice(0, 6)
  return id.length > 14 ? `${id.slice(0, 13)}…` : id
}

/** The same id gives the same colour, here and after a reload. */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5
  for (const char of id) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193)
  return (hash >>> 0) % 360
}

export const count = (value: number) => value.toLocaleString('en-US')

/** `1 event`, `2 events` */
export const counted = (value: number, one: string) => `${count(value)} ${value === 1 ? one : `${one}s`}`

/** `12 ms`, `1.2 s`, `3 min`, `5 h`, `4 days` */
export function duration(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1000) return `${Math.round(ms)} ms`
  if (size < 60_000) return `${(ms / 1000).toFixed(size < 10_000 ? 1 : 0)} s`
  if (size < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (size < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}

export function ago(iso: string | null, nowMs = serverNowMs()): string {
  if (!iso) return 'never'
  const ms = nowMs - Date.parse(iso)
  return ms < 1500 ? 'just now' : `${duration(ms)} ago`
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${(value / 1024).toFixed(0)} KiB`
  if (value < 1024 ** 3) return `${(value / 1024 ** 2).toFixed(1)} MiB`
  return `${(value / 1024 ** 3).toFixed(1)} GiB`
}

const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
const CLOCK = new Intl.DateTimeFormat('en-GB', TIME)
const PRECISE = new Intl.DateTimeFormat('en-GB', { ...TIME, fractionalSecondDigits: 3 })
const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

/** `14:03:12`, of the reader's time zone, as all that follow. */
export const clock = (iso: string) => CLOCK.format(new Date(iso))

/** `Sat, 21 Nov 2026` */
export const day = (iso: string) => DAY.format(new Date(iso))

const isToday = (at: Date) => at.toDateString() === new Date(serverNowMs()).toDateString()

/** `14:03:12` of today, else `20 Nov 14:03` */
export function moment(iso: string): string {
  const at = new Date(iso)
  return isToday(at) ? CLOCK.format(at) : `${SHORT_DAY.format(at)} ${CLOCK.format(at).slice(0, 5)}`
}

/** `14:03:12.345`, with its day where it is not today's. */
export function preciseMoment(iso: string): string {
  const at = new Date(iso)
  return isToday(at) ? PRECISE.format(at) : `${SHORT_DAY.format(at)}, ${PRECISE.format(at)}`
}

/** A value of a sender where a name is looked for; an object is none. */
const named = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined

/** The path of the page that it happened on, if it says one. */
export function pathOf({ context, properties }: { context?: object; properties?: Record<string, unknown> }) {
  const { page } = (context ?? {}) as { page?: { path?: unknown } | null }
  return named(page?.path) ?? named(properties?.path)
}

/** What an event is called in a list. */
export function titleOf(event: {
  type: string
  event?: string
  name?: string | null
  category?: string | null
  groupId?: string
  previousId?: string
  userId?: string | null
  traits?: Record<string, unknown>
  properties?: Record<string, unknown>
}): string {
  const { type, name, category, traits, properties } = event
  if (type === 'track') return event.event ?? ''
  if (type === 'page' || type === 'screen') {
    return [category, name].filter(Boolean).join(' / ') || named(properties?.title) || named(properties?.path) || type
  }
  if (type === 'group') return event.groupId ?? ''
  if (type === 'alias') return `${event.previousId} → ${event.userId}`
  return Object.keys(traits ?? {}).join(', ') || 'no traits'
}
