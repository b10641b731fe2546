import { expect, test } from 'vitest'
import { ADMIN_TOKEN, startHere, WRITE_KEY } from './server-under-test.ts'

async function begin(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
  })
  const setCookie = response.headers.get('set-cookie') ?? ''
  return { response, setCookie, cookie: setCookie.split(';', 1)[0]! }
}

test('the token shown once opens a session that no script can read and no other site can use', async () => {
  const { url } = await startHere()
  const { response, setCookie, cookie } = await begin(url)
  expect(await response.json()).toEqual({ workspace: 'default', writeKeys: [WRITE_KEY], version: '0.1.0' })
  expect(setCookie).toMatch(/^airhop_session=\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/)
  expect(setCookie).not.toContain(ADMIN_TOKEN)
  const read = await fetch(`${url}/api/v1/events`, { headers: { cookie } })
  expect(read.status).toBe(200)
})

test('behind TLS the cookie stays behind TLS', async () => {
  const { url } = await startHere()
  expect((await begin(url, { 'x-forwarded-proto': 'https' })).setCookie).toMatch(/; Secure$/)
})

test('a session is good after a restart, and not with another token', async () => {
  const { url, close } = await startHere()
  const { cookie } = await begin(url)
  await close()
  const again = await startHere()
  expect((await fetch(`${again.url}/api/v1/events`, { headers: { cookie } })).status).toBe(200)
  const [value, seal] = cookie.split('=')[1]!.split('.')
  for (const forged of [`${Number(value) + 1}.${seal}`, `${value}.`, `1.${seal}`, 'x', `${value}.${seal}x`]) {
    const answer = await fetch(`${again.url}/api/v1/events`, { headers: { cookie: `airhop_session=${forged}` } })
    expect([forged, answer.status]).toEqual([forged, 401])
  }
})

test('a page of another origin has nothing of the session, also on another port of the host', async () => {
  const { url } = await startHere()
  const { cookie } = await begin(url)
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${url}/api/v1/events`, { headers: { cookie, ...headers } })).status
  expect(await status({ 'sec-fetch-site': 'same-site' })).toBe(403)
  expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await status({ origin: 'http://127.0.0.1:1' })).toBe(403)
  expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await status({ origin: url })).toBe(200)
})

test('a session is begun by the token only, and ended by leaving', async () => {
  const { url } = await startHere()
  const { cookie } = await begin(url)
  expect((await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { cookie } })).status).toBe(401)
  expect((await begin(url, { authorization: `Bearer ${WRITE_KEY}` })).response.status).toBe(401)
  const ended = await fetch(`${url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
  expect(ended.headers.get('set-cookie')).toMatch(/^airhop_session=; .*Max-Age=0$/)
})
