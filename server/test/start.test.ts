import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import {
  ADMIN_TOKEN,
  client,
  failToStart,
  MAIN,
  runCommand,
  startProcess,
  temporaryFolder,
  WRITE_KEY,
} from './server-under-test.ts'

const NO_KEYS = { AIRHOP_WRITE_KEY: '', AIRHOP_ADMIN_TOKEN: '' }

test('the first start makes keys, prints them with a snippet, and keeps them', async () => {
  const data = join(temporaryFolder(), 'made', 'here')
  const first = await startProcess({ ...NO_KEYS, AIRHOP_DATA: data })
  await expect.poll(() => first.output.at(-1)).toMatch(/<\/script>$/)
  const [listening, writeKeyLine, adminTokenLine, eventsLine] = first.output
  expect(listening).toMatch(/^airhop-ingest listening on http:\/\/127\.0\.0\.1:\d+$/)
  const writeKey = /^Write key: +(wk_[0-9A-Za-z]{24})$/.exec(writeKeyLine!)?.[1]
  const adminToken = /^Admin token: (at_[0-9A-Za-z]{32})$/.exec(adminTokenLine!)?.[1]
  expect(eventsLine).toBe(`Events: ${first.url}/#token=${adminToken}`)
  expect(first.output.at(-1)).toBe(`<script src="${first.url}/airhop.js" data-key="${writeKey}" async></script>`)

  const keysFile = join(data, 'keys.json')
  expect(JSON.parse(readFileSync(keysFile, 'utf8'))).toEqual({ writeKey, adminToken })
  expect(statSync(keysFile).mode & 0o777).toBe(0o600)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)

  const second = await startProcess({ ...NO_KEYS, AIRHOP_DATA: data })
  await expect.poll(() => second.output.length).toBeGreaterThan(3)
  expect(second.output.slice(1, 3)).toEqual([writeKeyLine, adminTokenLine])
  const response = await client(second.url).post('/ingest/v1/track', { userId: 'u', event: 'e', writeKey }, {})
  expect(response.status).toBe(200)
})

test('the environment comes before the keys that are kept', async () => {
  const data = temporaryFolder()
  const kept = { writeKey: 'wk_kept', adminToken: 'kept' }
  writeFileSync(join(data, 'keys.json'), JSON.stringify(kept))
  const server = await startProcess({ AIRHOP_DATA: data, AIRHOP_ADMIN_TOKEN: '' })
  const send = (key: string) => server.post('/ingest/v1/track', { userId: 'u', event: 'e' }, { 'x-write-key': key })
  expect((await send(WRITE_KEY)).status).toBe(200)
  expect((await send('wk_kept')).status).toBe(401)
  expect((await server.get('/api/v1/events', 'kept')).status).toBe(200)
  expect((await server.get('/api/v1/events', ADMIN_TOKEN)).status).toBe(401)
})

test('keys that cannot be read are not replaced', async () => {
  const data = temporaryFolder()
  for (const kept of ['{"writeKey":', '{"writeKey":"wk_a"}', '{"writeKey":"wk_a","adminToken":7}', 'null']) {
    writeFileSync(join(data, 'keys.json'), kept)
    const { code, said } = await failToStart({ ...NO_KEYS, AIRHOP_DATA: data })
    expect(code).toBe(1)
    expect(said).toMatch(/^airhop-ingest: .*keys\.json cannot be used: .*Remove it, and new keys are made\.\n$/)
  }
})

test('a second server on the same folder does not start', async () => {
  const data = temporaryFolder()
  const first = await startProcess({ AIRHOP_DATA: data })
  const { code, said } = await failToStart({ AIRHOP_DATA: data })
  expect(code).toBe(1)
  expect(said).toBe(
    `airhop-ingest: Another airhop-ingest is running on the data folder ${data}. Stop it, or set AIRHOP_DATA to another folder.\n`,
  )
  first.child.kill('SIGKILL')
  await first.ended
  await startProcess({ AIRHOP_DATA: data })
})

test('a port in use is said in a sentence', async () => {
  const { url } = await startProcess()
  const { port } = new URL(url)
  const { code, said } = await failToStart({ AIRHOP_PORT: port })
  expect(code).toBe(1)
  expect(said).toBe(
    `airhop-ingest: Port ${port} of 127.0.0.1 is in use. Stop what uses it, or set AIRHOP_PORT (0 picks a free one).\n`,
  )
})

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
)

test.runIf(hasIpv6)(
  'a server on all addresses of IPv6 says one that can be opened, and takes IPv4 for what it is',
  async () => {
    const { url } = await startProcess({ AIRHOP_HOST: '::' })
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    const server = client(`http://127.0.0.1:${new URL(url).port}`)
    const headers = { 'x-write-key': WRITE_KEY, origin: 'https://a.example' }
    await server.post('/ingest/v1/track', { userId: 'u', event: 'e' }, headers)
    expect(await server.stored()).toMatchObject([{ context: { ip: '127.0.0.1' } }])
  },
)

test('all mistakes of the environment are said at once', async () => {
  const { code, said } = await failToStart({
    AIRHOP_PORT: '70000',
    AIRHOP_LOG: 'kafka://x',
    AIRHOP_STORE: 'postgres://x',
    AIRHOP_ROLE: 'worker',
    AIRHOP_WRITE_KEY: 'pk_x',
    AIRHOP_ADMIN_TOKEN: 'wk_x',
    AIRHOP_CONFIG: '/nowhere.json',
  })
  expect(code).toBe(1)
  expect(said.split('\n')).toEqual([
    'airhop-ingest: AIRHOP_PORT must be a number from 0 to 65535; 0 picks a free port.',
    'airhop-ingest: AIRHOP_LOG must be `sqlite:`: this version has no other engine.',
    'airhop-ingest: AIRHOP_STORE must be `sqlite:`: this version has no other engine.',
    'airhop-ingest: AIRHOP_ROLE must be `all`: this version has no other role.',
    'airhop-ingest: AIRHOP_WRITE_KEY must start with `wk_`.',
    'airhop-ingest: AIRHOP_ADMIN_TOKEN must not be a write key or a widget key: it reads all events.',
    expect.stringMatching(/^airhop-ingest: AIRHOP_CONFIG: \/nowhere\.json cannot be read as JSON: ENOENT/),
    '',
  ])
})

test('a folder that cannot be written is said in a sentence', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const { code, said } = await failToStart({ AIRHOP_DATA: join(file, 'data') })
  expect(code).toBe(1)
  expect(said).toMatch(
    /The data folder .*file\/data cannot be used: .*Set AIRHOP_DATA to a folder that can be written\.\n$/,
  )
})

test('a file of the folder that cannot be used is said in a sentence', async () => {
  const data = temporaryFolder()
  const server = await startProcess({ AIRHOP_DATA: data })
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)

  const newer = new DatabaseSync(join(data, 'events.db'))
  newer.exec('PRAGMA user_version = 1000')
  newer.close()
  const must = 'It must be whole, not of a newer version, and on a disk that takes writes.'
  expect(await failToStart({ AIRHOP_DATA: data })).toEqual({
    code: 1,
    said: `airhop-ingest: ${data}/events.db cannot be used: the store was written by a newer airhop-ingest (schema 1000). ${must}\n`,
  })
  for (const name of ['events.db', 'log.db']) {
    const broken = temporaryFolder()
    writeFileSync(join(broken, name), 'x'.repeat(8192))
    const said = `airhop-ingest: ${broken}/${name} cannot be used: file is not a database. ${must}\n`
    expect(await failToStart({ AIRHOP_DATA: broken })).toEqual({ code: 1, said })
    if (name === 'log.db') continue
    for (const command of [['rebuild'], ['import', '-']]) {
      const answer = await runCommand(command, { AIRHOP_DATA: broken }, Buffer.from('{}'))
      expect(answer).toEqual({ code: 1, out: '', said })
    }
  }
}, 60_000)

test('a disk that takes nothing is said in a sentence', async () => {
  const data = temporaryFolder()
  // No file may grow at all.
  const command = ['bash', '-c', `ulimit -S -f 0; exec '${process.execPath}' '${MAIN}'`]
  const said = async (env: NodeJS.ProcessEnv) => {
    const failed = await failToStart({ AIRHOP_DATA: data, ...env }, command)
    expect(failed.code).toBe(1)
    return failed.said
  }
  expect(await said(NO_KEYS)).toMatch(/^airhop-ingest: .*keys\.json cannot be written, to keep the keys: EFBIG.*\.\n$/)
  await startProcess({ ...NO_KEYS, AIRHOP_DATA: data }).then(({ child }) => child.kill('SIGKILL'))
  expect(await said({})).toMatch(/^airhop-ingest: .*events\.db cannot be used: .*on a disk that takes writes\.\n$/)
  const nowhere = join(data, 'nowhere')
  expect(await said({ AIRHOP_DATA: ':memory:', TMPDIR: nowhere })).toMatch(
    /^airhop-ingest: No temporary folder can be made in .*nowhere: ENOENT.*Set TMPDIR, or AIRHOP_DATA to a folder\.\n$/,
  )
}, 60_000)

async function mistakesOf(config: unknown): Promise<string[]> {
  const file = join(temporaryFolder(), 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const { code, said } = await failToStart({ AIRHOP_CONFIG: file, ...NO_KEYS })
  expect(code).toBe(1)
  return said
    .trim()
    .split('\n')
    .map((line) => line.replace(`airhop-ingest: ${file}: `, ''))
}

test('all mistakes of the configuration are said at once, by field', async () => {
  const token = 'a-long-enough-token'
  const mistakes = await mistakesOf({
    workspaces: [
      { name: '', writeKeys: ['wk_a', 'pk_b'], adminTokens: ['short'], writeKey: 'wk_x' },
      { writeKeys: [], allowedTypes: ['click'], enforceIdentity: 'yes', ratePerSecond: 0 },
      {
        name: 'three',
        writeKeys: ['wk_c'],
        adminTokens: [token],
        churnkey: { appId: 'a' },
        hogsendKeys: [{ key: 'x' }],
      },
    ],
  })
  expect(mistakes.sort()).toEqual(
    [
      '`workspaces[0]` has an unknown field `writeKey`.',
      '`workspaces[0].name` must NOT have fewer than 1 characters.',
      '`workspaces[0].writeKeys[1]` must start with `wk_` and have no blanks.',
      '`workspaces[0].adminTokens[0]` must have at least 16 characters, no blanks, and not be a write key or widget key.',
      '`workspaces[1]` lacks `name`.',
      '`workspaces[1].writeKeys` must NOT have fewer than 1 items.',
      '`workspaces[1].allowedTypes[0]` must be one of identify, track, page, screen, group, alias.',
      '`workspaces[1].enforceIdentity` must be boolean.',
      '`workspaces[1].ratePerSecond` must be > 0.',
      '`workspaces[2].churnkey` lacks `apiKey`.',
      '`workspaces[2].hogsendKeys[0]` lacks `scopes`.',
      '`workspaces[2].hogsendKeys[0].key` must start with `hsk_` and have no blanks.',
    ].sort(),
  )
})

test('a key stands for one workspace', async () => {
  const token = 'a-long-enough-token'
  const mistakes = await mistakesOf({
    workspaces: [
      { name: 'same', writeKeys: ['wk_a'], adminTokens: [token] },
      { name: 'same', writeKeys: ['wk_b', 'wk_a'], adminTokens: [token] },
    ],
  })
  expect(mistakes).toEqual([
    '`workspaces[1].name` is the same as `workspaces[0].name`; each must be used once.',
    '`workspaces[1].writeKeys[1]` is the same as `workspaces[0].writeKeys[0]`; each must be used once.',
    '`workspaces[1].adminTokens[0]` is the same as `workspaces[0].adminTokens[0]`; each must be used once.',
  ])
})

test('settings that may not do what was meant are named, and secrets are not printed', async () => {
  const file = join(temporaryFolder(), 'config.json')
  const workspace = {
    name: 'acme',
    writeKeys: ['wk_acme'],
    adminTokens: ['a-long-enough-token'],
    hogsendKeys: [
      { key: 'hsk_a', scopes: ['ingest'] },
      { key: 'hsk_b', scopes: ['Ingest'] },
    ],
    enforceIdentity: true,
  }
  writeFileSync(file, JSON.stringify({ workspaces: [workspace] }))
  const server = await startProcess({ AIRHOP_CONFIG: file, ...NO_KEYS })
  let said = ''
  server.child.stderr!.on('data', (part) => {
    said += part
  })
  await expect
    .poll(() => said)
    .toContain(
      '`workspaces[0].enforceIdentity` without `identitySecret` refuses every identify that comes with a write key.',
    )
  await expect.poll(() => said).toContain('`workspaces[0].hogsendKeys[1]` without the scope `ingest` opens nothing.')
  expect(said).not.toContain('hsk_')
  await expect.poll(() => server.output).toEqual([`airhop-ingest listening on ${server.url}`, 'Workspaces: acme'])
})

test('a temporary folder is gone after the end', async () => {
  const parent = temporaryFolder()
  const server = await startProcess({ AIRHOP_DATA: ':memory:', TMPDIR: parent })
  await server.post('/ingest/v1/track', { userId: 'u', event: 'e' })
  server.child.kill('SIGINT')
  expect(await server.ended).toBe(0)
  expect(readdirSync(parent)).toEqual([])
})

test('an older Node is told in a sentence', async () => {
  const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.1.0'}})`
  expect(await failToStart({ NODE_OPTIONS: `--import "${older}"` })).toEqual({
    code: 1,
    said: 'airhop-ingest: needs Node 24 or newer, and this is 22.1.0.\n',
  })
})
