import { expect, test } from 'vitest'
import { hearServerTime } from '../web/now.ts'
import { ago, moment, pathOf, preciseMoment, titleOf, visible } from '../web/words.ts'

const DAY_MS = 86_400_000

test('a name of letters that cannot be seen is written out, and emoji stay what they are', () => {
  expect(['sign\u3164up', 'sign\ufe0fup', 'sign\u034fup', 'sign\u2800up', 'sign\u115fup'].map(visible)).toEqual([
    'sign\\u3164up',
    'sign\\ufe0fup',
    'sign\\u034fup',
    'sign\\u2800up',
    'sign\\u115fup',
  ])
  const emoji = '❤️ ❤️‍🔥 1️⃣ #️⃣ 👩‍👩‍👧 👍🏽 🇩🇪 ☎︎'
  expect(visible(emoji)).toBe(emoji)
})

test('an object where a title or a path is expected is none', () => {
  const hostile = { toString: 1, valueOf: null }
  expect(titleOf({ type: 'page', properties: { title: hostile, path: [hostile] } })).toBe('page')
  expect(titleOf({ type: 'page', properties: { title: '', path: '/pricing' } })).toBe('/pricing')
  expect(pathOf({ context: { page: { path: hostile } }, properties: { path: '/a' } })).toBe('/a')
  expect(pathOf({ context: { page: null }, properties: {} })).toBe(undefined)
  expect(pathOf({ context: { page: { path: 7 } } })).toBe('7')
})

test('a time of another day says the day', () => {
  const now = new Date()
  const earlier = new Date(now.getTime() - 40 * DAY_MS)
  expect(moment(now.toISOString())).toMatch(/^\d\d:\d\d:\d\d$/)
  expect(moment(earlier.toISOString())).toMatch(/^\d{1,2} \w{3,4} \d\d:\d\d$/)
  expect(preciseMoment(now.toISOString())).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/)
  expect(preciseMoment(earlier.toISOString())).toMatch(/^\d{1,2} \w{3,4}, \d\d:\d\d:\d\d\.\d{3}$/)
})

test('how long ago something was is told by the server’s clock, where that is another', () => {
  const serverMs = Date.now() + 3_600_000
  hearServerTime(new Date(serverMs).toUTCString())
  expect(ago(new Date(serverMs - 5000).toISOString())).toMatch(/^[3-6](\.\d)? s ago$/)
  // A second that was cut off is no other clock.
  hearServerTime(new Date(Date.now() - 999).toUTCString())
  expect(ago(new Date().toISOString())).toBe('just now')
})
