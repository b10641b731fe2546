import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// @ts-expect-error It has no types; it is shared with whoever judges the server from outside.
import { compareCase, toRequest } from '../../test/fixtures/compare.mjs'
import * as keys from './keys.ts'
import { EVERY_KEY, startHere } from './server-under-test.ts'

const CASES = new URL('../../test/fixtures/cases/', import.meta.url)

const { ADMIN_TOKEN: _, ...ofSenders } = keys
const CREDENTIALS = { ...ofSenders, WIDGET_PUBLIC_KEY: 'pk_widget' }

interface Expected {
  status: number
  errorCode?: string
  response?: Record<string, unknown>
}

function expectAnswer(answer: any, { status: _, errorCode, response = {}, ...counts }: Expected) {
  expect(answer).toMatchObject(counts)
  if (errorCode !== undefined) expect(answer.error.code).toBe(errorCode)
  for (const [field, value] of Object.entries(response)) {
    if (isAny(value)) expect(answer).toHaveProperty(field)
    else expect(answer[field]).toEqual(value)
  }
}

const isAny = (value: any) => value?.$any === true

for (const file of readdirSync(CASES)) {
  const fixture = JSON.parse(readFileSync(new URL(file, CASES), 'utf8'))

  test(`stores what ${fixture.id} says that is sent`, async () => {
    const server = await startHere({ workspace: { ...EVERY_KEY, ...fixture.needs } })
    const fromMs = Date.now()
    for (const sent of fixture.requests) {
      const { method, path, headers, body } = toRequest(sent, CREDENTIALS, CASES.pathname)
      const response = await fetch(server.url + path, { method, headers, body })
      expect(response.status).toBe(sent.expect.status)
      if (method === 'OPTIONS') {
        expect(response.headers.get('access-control-allow-origin')).toBe(headers.origin)
        const allowed = response.headers.get('access-control-allow-headers')!.split(/, */)
        expect(allowed).toEqual(expect.arrayContaining(headers['access-control-request-headers'].split(',')))
      } else {
        expectAnswer(await response.json(), sent.expect)
      }
    }
    const stored = await server.stored()
    expect(compareCase(fixture, stored, { from: fromMs, to: Date.now() })).toEqual([])
  })
}
