import { createHash } from 'node:crypto'
import { MESSAGE_ID_MAX_CHARS } from '../../../src/limits.ts'
import { type Fields, isAbsent, isObject } from '../check.ts'
import type { Source } from '../log/port.ts'
import { parseTime } from '../time.ts'

/** What a string or number says, as a string; undefined if it says nothing or is something else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isAbsent(value) ? undefined : value
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

export const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {})

export const isEmpty = (fields: Fields): boolean => {
  for (const _ in fields) return false
  return true
}

/** Those fields whose key and value fit. Built from entries: a key `__proto__` of the sender stays data. */
export const pick = (fields: Fields, fits: (key: string, value: unknown) => boolean): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key, value]) => fits(key, value)))

/** Without what is undefined or null. */
export const present = (fields: Fields): Fields => pick(fields, (_key, value) => value !== undefined && value !== null)

/** An e-mail address as a key of identity; undefined if it is none. */
export function emailOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  return EMAIL.test(text) && text.length <= EMAIL_MAX_CHARS ? text : undefined
}

/** More is not known of an address without asking its server: https://html.spec.whatwg.org/#valid-e-mail-address */
const EMAIL = /^[^\s@]+@[^\s@]+$/
const EMAIL_MAX_CHARS = 512

/** A time in ISO 8601; what is no time stays as it is, and what is absent is undefined. */
export function isoOf(value: unknown): unknown {
  if (isAbsent(value)) return undefined
  const ms = parseTime(value)
  return ms === undefined ? value : new Date(ms).toISOString()
}

/** The `messageId` of a source's own id. */
export function ownId(source: Source, id: string): string {
  const prefixed = `${source}:${id}`
  return prefixed.length <= MESSAGE_ID_MAX_CHARS - LONGEST_SUFFIX.length ? prefixed : `${source}:${sha256(id)}`
}

const LONGEST_SUFFIX = '#contact'

/** The `messageId` of an event that has no id but a time of its own: the same when the same comes again. */
export const contentId = (source: Source, event: Fields): string => `${source}:${sha256(JSON.stringify(event))}`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Groups of these types are accounts. */
export const ACCOUNT_TYPES: ReadonlySet<string> = new Set([
  'company',
  'organization',
  'account',
  'workspace',
  'customer',
  'tenant',
  'team',
])

/** The account among groups by type: that of the first type that is one. */
export function accountOf(groups: Fields): string | undefined {
  for (const type in groups) {
    const key = ACCOUNT_TYPES.has(type) ? textOf(groups[type]) : undefined
    if (key !== undefined) return key
  }
  return undefined
}
