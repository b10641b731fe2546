import { expect, test } from 'vitest'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const ORIGIN = 'https://shop.example'

test('answers a preflight for any path below the doors without a key', async () => {
  const server = await startHere()
  for (const path of [
    '/ingest/v1/batch',
    '/ingest/v1/posthog/e/',
    '/api/v1/event?token=x',
    '/api/v1/s2s/event',
    '/v1/x',
    '/api/v1/events',
    '/api/v1/events/batch/?writeKey=x',
  ]) {
    const response = await fetch(server.url + path, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    })
    expect(response.status, path).toBe(204)
    expect(await response.text()).toBe('')
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    expect(response.headers.get('access-control-allow-headers')).toContain('x-write-key')
    expect(response.headers.get('access-control-max-age')).toBe('86400')
    expect(response.headers.get('vary')).toBe('Origin')
  }
})

test('a preflight allows what any client sends, and what this one asks for', async () => {
  const server = await startHere()
  const headers = { origin: ORIGIN, 'access-control-request-headers': 'Authorization,x-custom' }
  const response = await fetch(`${server.url}/ingest/v1/batch`, { method: 'OPTIONS', headers })
  const allowed = response.headers.get('access-control-allow-headers')!.split(', ')
  expect(allowed.sort()).toEqual(
    ['anonymousid', 'authorization', 'content-type', 'sentat', 'x-custom', 'x-retry-count', 'x-write-key'].sort(),
  )
})

test('lets a page read every answer, refusals included', async () => {
  const server = await startHere()
  const send = (path: string, body: string, key = WRITE_KEY) =>
    server.post(path, body, { origin: ORIGIN, authorization: `Bearer ${key}` })
  const answers = {
    200: await send('/ingest/v1/track', '{"userId":"u","event":"e"}'),
    400: await send('/ingest/v1/track', '{'),
    401: await send('/ingest/v1/track', '{}', 'wk_wrong'),
    404: await send('/ingest/v1/nothing', '{}'),
    413: await send('/ingest/v1/batch', JSON.stringify({ batch: Array(2501).fill(0) })),
  }
  for (const [status, response] of Object.entries(answers)) {
    expect(response.status).toBe(Number(status))
    expect(response.headers.get('access-control-allow-origin'), status).toBe(ORIGIN)
    expect(response.headers.get('access-control-allow-credentials'), status).toBe('true')
    expect(response.headers.get('access-control-expose-headers'), status).toBe('Retry-After')
  }
})

test('lets a page read 429 too, and when to come again', async () => {
  const server = await startHere({ logLimits: { maxBytes: 10 } })
  const response = await server.post('/ingest/v1/track', '{"userId":"u","event":"e"}', {
    origin: ORIGIN,
    authorization: `Bearer ${WRITE_KEY}`,
  })
  expect(response.status).toBe(429)
  expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After')
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('a page sends to the address of which the read API gives events, and reads none of them', async () => {
  const server = await startHere()
  const sent = await server.post('/api/v1/events', '{"type":"track","userId":"u","event":"e"}', {
    origin: ORIGIN,
    authorization: `Bearer ${WRITE_KEY}`,
  })
  expect(sent.status).toBe(200)
  expect(sent.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  for (const method of ['GET', 'HEAD']) {
    const headers = { origin: ORIGIN, authorization: `Bearer ${server.adminToken}` }
    const response = await fetch(`${server.url}/api/v1/events`, { method, headers })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  }
})
