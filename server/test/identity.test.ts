import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startHere, startWith, temporaryFolder } from './server-under-test.ts'

const SECRET = 'secret-of-the-workspace'
const sign = (userId: string, secret = SECRET) => createHmac('sha256', secret).update(userId).digest('hex')

const track = { type: 'track', event: 'e' }
const identify = { type: 'identify', traits: { plan: 'pro' } }

type Stored = { messageId: string; verified: boolean; warnings?: string[] }
type Server = Awaited<ReturnType<typeof startWith>>

const verifiedById = async (server: Server) =>
  Object.fromEntries((await server.stored()).map((event) => [event.messageId, (event as unknown as Stored).verified]))

test('a signature vouches for the user of its call, of its context or of its envelope', async () => {
  const server = await startWith({ identitySecret: SECRET })
  const batch = [
    { ...identify, messageId: 'of-envelope' },
    { ...track, messageId: 'of-envelope-too' },
    { ...track, userId: 'u', messageId: 'same-user' },
    { ...track, userId: 'other', messageId: 'of-nobody' },
    { ...track, userId: 'ö', signature: sign('ö'), messageId: 'of-call' },
    { ...track, userId: 'v', context: { signature: sign('v') }, messageId: 'of-context' },
    { ...track, userId: 7, signature: sign('7').toUpperCase(), messageId: 'of-number' },
  ]
  const envelope = { userId: 'u', anonymousId: 'a', signature: sign('u'), batch }
  const response = await server.post('/ingest/v1/batch', [
    envelope,
    { anonymousId: 'a', batch: [{ ...track, messageId: 'anonymous' }] },
  ])
  expect(await response.json()).toMatchObject({ accepted: 8, rejected: 0 })
  await server.post('/ingest/v1/identify', { userId: 'u', signature: sign('u'), messageId: 'single' })
  expect(await verifiedById(server)).toEqual({
    'of-envelope': true,
    'of-envelope-too': true,
    'same-user': true,
    'of-nobody': false,
    'of-call': true,
    'of-context': true,
    'of-number': true,
    anonymous: false,
    single: true,
  })
})

const WRONG: [title: string, signature: unknown][] = [
  ['that of another user', sign('v')],
  ['that of another secret', sign('u', 'another')],
  ['one cut short', sign('u').slice(0, 62)],
  ['one with something after it', `${sign('u')}00`],
  ['one that ends in no hex', `${sign('u')}zz`],
  ['one in base64', createHmac('sha256', SECRET).update('u').digest('base64')],
  ['the user id', 'u'],
  ['a number', 7],
  ['an object', {}],
  ['true', true],
]

test('a wrong signature is a refusal that says what is right, and costs no other event', async () => {
  const server = await startWith({ identitySecret: SECRET })
  const message =
    '`signature` must be the hex HMAC-SHA-256 of `userId` under the `identitySecret` of this workspace; it is not. Make it on your server, of the id as it is sent.'
  for (const [title, signature] of WRONG) {
    const batch = [
      { ...track, anonymousId: 'a', messageId: title },
      { ...track, userId: 'u', signature, messageId: 'bad' },
    ]
    expect(await (await server.post('/ingest/v1/batch', { batch })).json(), title).toMatchObject({
      accepted: 1,
      errors: [{ index: 1, messageId: 'bad', code: 'invalid_identity_signature', message }],
    })
    const single = await server.post('/ingest/v1/identify', { userId: 'u', signature })
    expect(single.status, title).toBe(401)
    expect(await single.json()).toEqual({ error: { code: 'invalid_identity_signature', message } })
  }
  expect(await verifiedById(server)).toEqual(Object.fromEntries(WRONG.map(([title]) => [title, false])))
  expect((await server.rejected()).filter(({ code }) => code === 'invalid_identity_signature')).toHaveLength(
    2 * WRONG.length,
  )
})

test('an empty signature is none', async () => {
  const server = await startWith({ identitySecret: SECRET })
  await server.post('/ingest/v1/batch', { batch: [{ ...track, userId: 'u', signature: '', messageId: 'm' }] })
  expect(await verifiedById(server)).toEqual({ m: false })
})

test('enforced, nobody becomes a user without a signature', async () => {
  const server = await startWith({ identitySecret: SECRET, enforceIdentity: true })
  const batch = [
    { ...identify, userId: 'u', messageId: 'unsigned' },
    { ...identify, userId: 'u', signature: sign('u'), messageId: 'signed' },
    { type: 'alias', userId: 'u', previousId: 'p', messageId: 'unsigned-alias' },
    { ...identify, anonymousId: 'a', messageId: 'of-no-user' },
    { ...track, userId: 'u', messageId: 'no-claim' },
  ]
  const response = await server.post('/ingest/v1/batch', { batch })
  const code = 'unverified_identity'
  expect(await response.json()).toMatchObject({
    accepted: 3,
    rejected: 2,
    errors: [
      {
        index: 0,
        messageId: 'unsigned',
        code,
        message: expect.stringMatching(/without a `signature` \(`enforceIdentity`\)/),
      },
      { index: 2, messageId: 'unsigned-alias', code },
    ],
  })
  const single = await server.post('/ingest/v1/identify', { userId: 'u' })
  expect(single.status).toBe(403)
  expect(await single.json()).toMatchObject({ error: { code } })
  expect(await verifiedById(server)).toEqual({ signed: true, 'of-no-user': false, 'no-claim': false })
})

test('a signed alias proves who takes an id, not whose it was', async () => {
  const server = await startWith({ identitySecret: SECRET, enforceIdentity: true })
  const alias = { type: 'alias', userId: 'u', previousId: 'victim' }
  const batch = [{ ...alias, signature: sign('u'), messageId: 'm' }]
  expect(await (await server.post('/ingest/v1/batch', { batch })).json()).toMatchObject({ accepted: 1 })
  expect(await verifiedById(server)).toEqual({ m: false })
})

test('where nobody can check it, a signature is a warning', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { userId: 'u', signature: sign('u'), batch: [{ ...track, messageId: 'm' }] })
  expect(await server.stored()).toMatchObject([
    {
      verified: false,
      warnings: [expect.stringMatching(/^`signature` was not used: .*`identitySecret` of the workspace$/)],
    },
  ])
  const other = await startWith({ identitySecret: SECRET })
  await other.post('/ingest/v1/batch', {
    anonymousId: 'a',
    signature: sign('u'),
    batch: [{ ...track, messageId: 'm' }],
  })
  expect(await other.stored()).toMatchObject([
    { verified: false, warnings: [expect.stringMatching(/`signature`.*`userId`/)] },
  ])
})

test('while a secret is replaced, both are right', async () => {
  const server = await startWith({ identitySecret: ['new', 'old'] })
  const batch = ['new', 'old', 'older'].map((secret) => ({
    ...track,
    userId: 'u',
    signature: sign('u', secret),
    messageId: secret,
  }))
  expect(await (await server.post('/ingest/v1/batch', { batch })).json()).toMatchObject({
    accepted: 2,
    errors: [{ index: 2 }],
  })
  expect(await verifiedById(server)).toEqual({ new: true, old: true })
})

test('what was verified when it came stays so, whatever the secret is when it is processed', async () => {
  const data = temporaryFolder()
  const stalled = { data, workerScript: new URL('./programs/idle-worker.ts', import.meta.url) }
  const first = await startWith({ identitySecret: SECRET }, stalled)
  const batch = [
    { ...track, userId: 'u', signature: sign('u'), messageId: 'signed' },
    { ...track, userId: 'u', messageId: 'unsigned' },
    { ...track, userId: 'u', signature: sign('v'), messageId: 'wrong' },
  ]
  await first.post('/ingest/v1/batch', { batch })
  await first.close()
  const second = await startWith({ identitySecret: 'another', enforceIdentity: true }, { data })
  expect(await verifiedById(second)).toEqual({ signed: true, unsigned: false })
})

const EXAMPLES: [file: string, runtime: string, ...args: string[]][] = [
  ['sign.mjs', 'node'],
  ['sign.py', 'python3'],
  ['sign.rb', 'ruby'],
  ['sign.php', 'php'],
  ['sign.go', 'go', 'run'],
]
const FOLDER = new URL('../../examples/identity/', import.meta.url)

test('the examples in every language sign as the server checks', { timeout: 120_000 }, async () => {
  const server = await startWith({ identitySecret: SECRET })
  const missing: string[] = []
  const batch: { messageId: string; [field: string]: unknown }[] = []
  for (const [file, runtime, ...args] of EXAMPLES) {
    const userId = 'user-ü-42'
    const env = { ...process.env, AIRHOP_IDENTITY_SECRET: SECRET, GOTOOLCHAIN: 'local' }
    const { error, status, stdout, stderr } = spawnSync(
      runtime,
      [...args, fileURLToPath(new URL(file, FOLDER)), userId],
      {
        env,
        encoding: 'utf8',
      },
    )
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      missing.push(`${runtime} (${file})`)
      continue
    }
    expect([status, stderr], file).toEqual([0, ''])
    batch.push({ ...identify, userId, signature: stdout.trim(), messageId: file })
  }
  if (missing.length > 0) console.info(`Not found on this machine, so not run: ${missing.join(', ')}`)
  await server.post('/ingest/v1/batch', { batch })
  expect(await verifiedById(server)).toEqual(Object.fromEntries(batch.map(({ messageId }) => [messageId, true])))
  expect(batch.length + missing.length).toBe(EXAMPLES.length)
  expect(batch.map(({ messageId }) => messageId)).toContain('sign.mjs')
})

test('the documentation shows the examples as they are', () => {
  const page = readFileSync(new URL('../../docs/identity.md', import.meta.url), 'utf8')
  for (const [file] of EXAMPLES) {
    expect(page, file).toContain(`\n${readFileSync(new URL(file, FOLDER), 'utf8')}\`\`\`\n`)
  }
})
