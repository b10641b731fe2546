import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

const SECRET = 'secret-of-the-workspace'
const WORKSPACE = {
  name: 'shop',
  writeKeys: ['wk_shop'],
  adminTokens: ['at_at_least_16_characters'],
  identitySecret: SECRET,
  enforceIdentity: true,
}

test.use({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants it.
  ingestEnv: async ({}, use, testInfo) => {
    const file = testInfo.outputPath('config.json')
    writeFileSync(file, JSON.stringify({ workspaces: [WORKSPACE] }))
    await use({ AIRHOP_CONFIG: file })
  },
})

test('who is identified with a signature is verified in all that follows, and nobody else becomes that user', async ({
  ingest,
  site,
  page,
}) => {
  const signature = createHmac('sha256', SECRET).update('u_42').digest('hex')
  site.pages.set('/', site.page({ head: site.snippet() }))
  await page.goto(site.url)
  await page.waitForFunction(() => typeof airhop === 'object' && airhop.VERSION)

  const results = await page.evaluate(async (signature) => {
    const before = airhop.track('before')
    const identified = airhop.identify('u_42', { plan: 'pro' }, { signature })
    const after = airhop.track('after')
    await airhop.flush()
    airhop.reset()
    const claimed = airhop.identify('u_42', { plan: 'free' })
    const forged = airhop.identify('u_43', {}, { signature })
    airhop.reset()
    const anonymous = airhop.track('anonymous')
    await airhop.flush()
    const all = await Promise.all([before, identified, after, claimed, forged, anonymous])
    return all.map(({ status, reason }) => [status, reason])
  }, signature)

  expect(results).toEqual([
    ['stored', undefined],
    ['stored', undefined],
    ['stored', undefined],
    ['rejected', 'unverified_identity'],
    ['rejected', 'invalid_identity_signature'],
    ['stored', undefined],
  ])
  const events = await ingest.waitForEvents(4)
  expect(events.map(({ type, event, userId, verified }) => [event ?? type, userId, verified])).toEqual([
    ['before', null, false],
    ['identify', 'u_42', true],
    ['after', 'u_42', true],
    ['anonymous', null, false],
  ])
})
