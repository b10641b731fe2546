import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { refusalOf, sendRefusal } from '../src/answers.ts'
import { createScriptFile } from '../src/script-file.ts'
import { temporaryFolder } from './server-under-test.ts'

const SCRIPT = `window.airhop = ${JSON.stringify('x'.repeat(1000))}`

async function serve(file: string) {
  const app = Fastify()
  app.setErrorHandler((error, request, reply) => sendRefusal(reply, refusalOf(error, request)))
  app.get('/airhop.js', createScriptFile(pathToFileURL(file), 'text/javascript; charset=utf-8'))
  onTestFinished(() => app.close())
  const url = `${await app.listen({ port: 0 })}/airhop.js`
  /** As it is on the wire: fetch would decompress. */
  return (headers: Record<string, string>) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const get = request(url, { headers }, async (response) => {
        const body = Buffer.concat(await response.toArray())
        resolve({ status: response.statusCode!, headers: response.headers, body })
      })
      get.on('error', reject).end()
    })
}

test('serves the script compressed as the browser takes it, to pages of any origin', async () => {
  const file = join(temporaryFolder(), 'airhop.js')
  writeFileSync(file, SCRIPT)
  const get = await serve(file)

  const br = await get({ 'accept-encoding': 'gzip, deflate, br, zstd' })
  expect(br.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'content-encoding': 'br',
    'cache-control': 'public, max-age=3600',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    vary: 'Accept-Encoding',
  })
  expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT)
  const gzip = await get({ 'accept-encoding': 'gzip' })
  expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT)
  const plain = await get({})
  expect(plain.headers['content-encoding']).toBeUndefined()
  expect(plain.body.toString()).toBe(SCRIPT)

  const etag = br.headers.etag as string
  for (const known of [etag, `W/${etag}`, `"older", W/${etag}`, '*']) {
    const unchanged = await get({ 'if-none-match': known })
    expect([known, unchanged.status, unchanged.body.length]).toEqual([known, 304, 0])
  }
  expect((await get({ 'if-none-match': '"older"' })).status).toBe(200)
})

test('a script that was not built is said so, and is served once it is', async () => {
  const file = join(temporaryFolder(), 'airhop.js')
  const get = await serve(file)
  const missing = await get({})
  expect(missing.status).toBe(503)
  expect(JSON.parse(missing.body.toString())).toEqual({
    error: { code: 'not_built', message: 'airhop.js is not built yet: run `npm run build`.' },
  })
  writeFileSync(file, SCRIPT)
  expect((await get({})).body.toString()).toBe(SCRIPT)
})
