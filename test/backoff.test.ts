import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { backoffMs, retryAfterMs } from '../src/backoff.ts'
import { RETRY_MAX_MS, RETRY_MIN_MS } from '../src/limits.ts'

const ALMOST_1 = 1 - Number.EPSILON
const NOW = Date.parse('2026-01-02T03:04:05.000Z')

describe('the wait after failures', () => {
  test('doubles from the shortest, at most', () => {
    expect([0, 1, 2, 3].map((failures) => Math.round(backoffMs(failures, ALMOST_1)))).toEqual(
      [1, 2, 4, 8].map((times) => times * RETRY_MIN_MS),
    )
  })

  test('has full jitter: anything between nothing and the most', () => {
    expect(backoffMs(2, 0)).toBe(0)
    expect(backoffMs(2, 0.5)).toBe(2 * RETRY_MIN_MS)
  })

  test.each([12, 100, 5000])('is bounded after %i failures', (failures) => {
    expect(backoffMs(failures, ALMOST_1)).toBeLessThanOrEqual(RETRY_MAX_MS)
    expect(backoffMs(failures, ALMOST_1)).toBeGreaterThan(RETRY_MAX_MS - 1)
  })

  test('makes about 40 requests in 8 blocked hours', () => {
    let total = 0
    const rounds = 400
    let seed = 1
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    for (let round = 0; round < rounds; round++) {
      for (let failures = 0, at = 0; at < 8 * 3_600_000; failures++) {
        total++
        at += backoffMs(failures, random())
      }
    }
    expect(total / rounds).toBeGreaterThan(30)
    expect(total / rounds).toBeLessThan(46)
  })
})

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1500],
    [new Date(NOW + 90_000).toUTCString(), 90_000],
    [new Date(NOW - 90_000).toUTCString(), 0],
    ['-5', 0],
    ['', 0],
    ['soon', 0],
    [null, 0],
    ['999999999', 999_999_999_000],
    [new Date(NOW + 366 * 86_400_000).toUTCString(), 366 * 86_400_000],
  ])('%j asks for %i ms', (header, ms) => {
    vi.useFakeTimers({ now: NOW })
    onTestFinished(() => void vi.useRealTimers())
    expect(retryAfterMs(header)).toBe(ms)
  })
})
