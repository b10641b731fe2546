import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const PAGE_MAX_BROTLI_BYTES = 80_000

const BUILT = join(import.meta.dirname, '../dist/web')
const files = (ending: string) =>
  readdirSync(BUILT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending))

test(`the live page has at most ${PAGE_MAX_BROTLI_BYTES} bytes by brotli, all its files together`, () => {
  const sizes = files('.br').map((name) => readFileSync(join(BUILT, name)).length)
  expect(sizes.length).toBeGreaterThanOrEqual(5)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(PAGE_MAX_BROTLI_BYTES)
})

test('the live page has no inline script and names no other host', () => {
  for (const name of files('.html')) {
    const html = readFileSync(join(BUILT, name), 'utf8')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    expect(existsSync(join(BUILT, `${name}.br`))).toBe(true)
  }
})
