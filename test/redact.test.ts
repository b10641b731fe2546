import { describe, expect, test } from 'vitest'
import { redact } from '../src/page.ts'
import addresses from './fixtures/addresses.json' with { type: 'json' }

describe('an address', () => {
  test.each(addresses.filter(({ from, to }) => from !== to))(
    'with something private ($why), $from, becomes $to',
    ({ from, to }) => {
      expect(redact(from)).toBe(to)
    },
  )

  test.each(addresses.filter(({ from, to }) => from === to))(
    'without anything private, $from, stays as it is',
    ({ from }) => {
      expect(redact(from)).toBe(from)
    },
  )

  test.each(addresses)('is the same when it is redacted twice: $from', ({ to }) => {
    expect(redact(to)).toBe(to)
  })
})
