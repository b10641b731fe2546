import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// @ts-expect-error It has no types; it is shared with whoever judges the server from outside.
import { compareCase, toRequest } from '../../test/fixtures/compare.mjs'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const CASES = new URL('../../test/fixtures/cases/', import.meta.url)

for (const file of readdirSync(CASES)) {
  const fixture = JSON.parse(readFileSync(new URL(file, CASES), 'utf8'))

  test(`stores what ${fixture.id} says that is sent`, async () => {
    const server = await startHere()
    const fromMs = Date.now()
    for (const sent of fixture.requests) {
      const { method, path, headers, body } = toRequest(sent, { WRITE_KEY }, CASES.pathname)
      const response = await fetch(server.url + path, { method, headers, body })
      expect(response.status).toBe(sent.expect.status)
      if (method === 'OPTIONS') {
        expect(response.headers.get('access-control-allow-origin')).toBe(headers.origin)
        const allowed = response.headers.get('access-control-allow-headers')!.split(/, */)
        expect(allowed).toEqual(expect.arrayContaining(headers['access-control-request-headers'].split(',')))
      } else {
        const { status, ...counts } = sent.expect
        expect(await response.json()).toMatchObject(counts)
      }
    }
    const stored = await server.stored()
    expect(compareCase(fixture, stored, { from: fromMs, to: Date.now() })).toEqual([])
  })
}
