import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { adviceOf } from '../web/views/advice.ts'

/** Codes of the table that stand for what was sent and not taken; after them come those of reading, and of 429 and 5xx, which is sent again. */
const ELSEWHERE = new Set([
  'invalid_parameter',
  'expired_session',
  'cross_site',
  'unknown_message',
  'too_many_readers',
  'not_found',
  'method_not_allowed',
  'unknown_profile',
  'unknown_account',
  'not_merged',
  'rate_limited',
  'internal_error',
  'unavailable',
  'order_waits',
  'not_built',
])

test('for each reason why something sent is not taken, the page says what to do', () => {
  const table = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
  const codes = [...table.matchAll(/^ {2}([a-z_]+): refusal\(/gm)].map(([, code]) => code!)
  expect(codes.length).toBeGreaterThan(50)
  const { todo: nothingKnown } = adviceOf('no_such_code')
  expect(codes.filter((code) => !ELSEWHERE.has(code) && adviceOf(code).todo === nothingKnown)).toEqual([])
})
