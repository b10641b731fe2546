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

/** Controls, direction marks, and what has no width. Line breaks of JSON stay, and what joins two emoji to one. */
const MARKS = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029](?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?\u200d)/gu

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

export function ago(iso: string | null, nowMs = Date.now()): string {
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

export const clock = (iso: string) => new Date(iso).toLocaleTimeString('en-GB')

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
    return [category, name].filter(Boolean).join(' / ') || String(properties?.title ?? properties?.path ?? type)
  }
  if (type === 'group') return event.groupId ?? ''
  if (type === 'alias') return `${event.previousId} → ${event.userId}`
  return Object.keys(traits ?? {}).join(', ') || 'no traits'
}
