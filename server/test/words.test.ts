import { expect, test } from 'vitest'
import { hearServerTime } from '../web/now.ts'
import { isBot } from '../web/views/bot.ts'
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

test('a bot is known by its user agent, and a phone of that name is none', () => {
  const of = (userAgent: unknown) => isBot({ context: { userAgent } })
  const bots = [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 11; moto g power) Chrome/141.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse',
    'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
    'Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  ]
  expect(bots.filter((userAgent) => !of(userAgent))).toEqual([])
  const people = [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Linux; Android 8.1.0; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 GSA/360.1 Mobile/15E148 Safari/604.1',
  ]
  expect(people.filter(of)).toEqual([])
  expect([undefined, null, { bot: 1 }, 7].map(of)).toEqual([false, false, false, false])
})
