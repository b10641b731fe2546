import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type LaunchOptions, type Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { test as base, expect } from './ingest.ts'

declare const airhop: Airhop

const built = (path: string) => readFileSync(fileURLToPath(new URL(`../dist/${path}`, import.meta.url)), 'utf8')
const ALL = { 'data-page': 'auto', 'data-cookie-domain': 'auto', 'data-flush-ms': '50' }

/** Whatever a page, a frame or a worker says or throws; the browser's own lines on a resource are not ours. */
const listen = (context: BrowserContext): string[] => {
  const heard: string[] = []
  context.on('console', (message) => {
    if (!/^Failed to load resource/.test(message.text())) heard.push(message.text())
  })
  context.on('weberror', (error) => heard.push(String(error.error())))
  return heard
}
const test = base.extend<{ heard: string[]; serveModule: () => Promise<void> }>({
  heard: async ({ context }, use) => {
    const heard = listen(context)
    await use(heard)
    expect(heard).toEqual([])
  },
  serveModule: async ({ context, site }, use) => {
    await use(async () => {
      await context.route(`${site.url}/**/*.mjs`, (route) => {
        const path = new URL(route.request().url()).pathname.slice(1)
        return route.fulfill({
          contentType: 'text/javascript',
          body: path === 'worker.mjs' ? WORKER : built(path === 'airhop.mjs' ? 'index.mjs' : path),
        })
      })
    })
  },
})

/** What every method of an instance gives where it can do nothing, or everything. */
const CALL_ALL = `async (airhop) => {
  const results = [airhop.track('x', { n: 1 }), airhop.identify('u1'), airhop.page(), airhop.group('g1')]
  airhop.setAnonymousId('mine')
  airhop.ready(() => {})
  airhop.on('dropped', () => {})
  airhop.push(['track', 'pushed'])
  airhop.user().id()
  airhop.optOut()
  airhop.optIn()
  airhop.reset()
  results.push(airhop.track('last'))
  await airhop.flush({ timeoutMs: 2000 })
  return (await Promise.all(results)).map(({ status, reason }) => reason || status)
}`
const WORKER = `
  import { autoPage, createAirhop, sharedId } from './airhop.mjs'
  const run = ${CALL_ALL}
  const thrown = []
  addEventListener('error', ({ message }) => thrown.push(message))
  addEventListener('unhandledrejection', ({ reason }) => thrown.push(String(reason)))
  const done = run(createAirhop({ key: 'wk_worker', use: [autoPage(), sharedId({ domain: 'auto' })] }))
    .then((results) => ({ results, thrown }))
  addEventListener('message', async ({ data, source }) => (source || self).postMessage(await done))
`
const NO_DOCUMENT = Array(5).fill('no_document')

/** The last of the events arrives where the page may send at all. */
const worksIn = async (page: Page, ingest: { waitForEvents(count: number, filter?: object): Promise<unknown[]> }) => {
  await page.waitForFunction(() => airhop.VERSION)
  const results = await page.evaluate(`(${CALL_ALL})(airhop)`)
  expect((results as string[]).at(-1)).toBe('stored')
  await ingest.waitForEvents(1, { event: 'last' })
}

test('in Node the package is imported and created, takes every call, and says nothing', () => {
  const code = `
    import { autoPage, createAirhop, sharedId } from ${JSON.stringify(new URL('../dist/index.mjs', import.meta.url).href)}
    const run = ${CALL_ALL}
    const results = await run(createAirhop({ key: 'wk_node', use: [autoPage(), sharedId({ domain: 'auto' })] }))
    process.stdout.write(JSON.stringify(results))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--unhandled-rejections=strict', '-e', code], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  expect(JSON.parse(said)).toEqual(NO_DOCUMENT)
})

for (const kind of ['web worker', 'service worker'])
  test(`in a ${kind} the package is imported and created, takes every call, and throws nothing`, async ({
    site,
    page,
    heard,
    serveModule,
  }) => {
    await serveModule()
    site.pages.set('/', site.page({}))
    await page.goto(site.url)
    const answer = await page.evaluate(async (kind) => {
      if (kind === 'web worker') {
        const worker = new Worker('/worker.mjs', { type: 'module' })
        return new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
          worker.postMessage('go')
        })
      }
      await navigator.serviceWorker.register('/worker.mjs', { type: 'module' })
      const { active } = await navigator.serviceWorker.ready
      return new Promise((resolve) => {
        navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
        active!.postMessage('go')
      })
    }, kind)
    expect(answer).toEqual({ results: NO_DOCUMENT, thrown: [] })
    expect(heard).toEqual([])
  })

for (const [what, frame] of [
  ['a sandboxed frame', (html: string) => `<iframe sandbox="allow-scripts" srcdoc="${html}"></iframe>`],
  ['a data: URL', (html: string) => `<iframe src="data:text/html,${encodeURIComponent(html)}"></iframe>`],
] as const)
  test(`in ${what}, which may keep nothing, events arrive and nothing is thrown or said`, async ({
    ingest,
    site,
    page,
    heard,
  }) => {
    const escaped = site.page({
      // Not async, so that it is there for the next script.
      head: site.snippet({ attributes: ALL }).replace(' async>', '>'),
      body: `<script>(${CALL_ALL})(airhop).then((results) => parent.postMessage(results, '*'))</script>`,
    })
    const html = what.startsWith('a sand') ? escaped.replaceAll('&', '&amp;').replaceAll('"', '&quot;') : escaped
    site.pages.set(
      '/',
      site.page({
        head: '<script>addEventListener("message", ({ data }) => { window.results = data })</script>',
        body: frame(html),
      }),
    )
    await page.goto(site.url)
    await page.waitForFunction(() => (window as any).results)
    await ingest.waitForEvents(1, { event: 'last' })
    expect(heard).toEqual([])
  })

const BREAK: [string, string][] = [
  [
    'a storage getter that throws',
    `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })`,
  ],
  ['a storage that is null', `Object.defineProperty(window, 'localStorage', { value: null })`],
  [
    'a full storage',
    `Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }; Object.defineProperty(window, 'localStorage', { value: new Proxy({}, { set() { throw new DOMException('full', 'QuotaExceededError') } }) })`,
  ],
  [
    'a cookie getter and setter that throw',
    `Object.defineProperty(document, 'cookie', { get() { throw new DOMException('no', 'SecurityError') }, set() { throw new DOMException('no', 'SecurityError') } })`,
  ],
  [
    'navigator.locks that throws',
    `Object.defineProperty(Navigator.prototype, 'locks', { get() { throw new DOMException('no', 'SecurityError') } })`,
  ],
  [
    'navigator.locks.request that throws',
    `LockManager.prototype.request = () => { throw new DOMException('no', 'SecurityError') }`,
  ],
  [
    'navigator.locks.request that rejects',
    `LockManager.prototype.request = () => Promise.reject(new DOMException('no', 'SecurityError'))`,
  ],
  [
    'no crypto.randomUUID, no locks, as on plain http',
    `delete Crypto.prototype.randomUUID; delete Navigator.prototype.locks`,
  ],
  ['no sendBeacon', `delete Navigator.prototype.sendBeacon`],
  [
    'no Navigation API, and a frozen history',
    `delete window.navigation; Object.freeze(History.prototype); Object.freeze(history)`,
  ],
  [
    'frozen intrinsics and browser classes',
    `for (const name of ['Object', 'Function', 'Array', 'Map', 'Set', 'Promise', 'RegExp', 'Date', 'String', 'Number', 'Error', 'JSON', 'Math', 'Reflect', 'EventTarget', 'Node', 'Document', 'HTMLDocument', 'Window', 'Navigator', 'Storage', 'History', 'Location', 'Crypto', 'Event']) {
      Object.freeze(window[name]); if (window[name].prototype) Object.freeze(window[name].prototype) }
    Object.freeze(navigator); Object.freeze(history); Object.freeze(console)`,
  ],
]
for (const [what, code] of BREAK)
  test(`with ${what}, events arrive and nothing is thrown or said`, async ({ ingest, site, page, heard }) => {
    site.pages.set('/', site.page({ head: `<script>${code}</script>${site.snippet({ attributes: ALL })}` }))
    await page.goto(site.url)
    await worksIn(page, ingest)
    await page.evaluate(() => history.pushState(null, '', '/later'))
    await page.goto('about:blank')
    expect(heard).toEqual([])
  })

/** A browser with a profile of its own, which `prepare` fills. */
const withProfile = async (
  launchOptions: LaunchOptions,
  prepare: (folder: string) => string[],
  run: (context: BrowserContext, heard: string[]) => Promise<void>,
) => {
  const folder = mkdtempSync(join(tmpdir(), 'airhop-profile-'))
  const profile = join(folder, 'profile')
  mkdirSync(join(profile, 'Default'), { recursive: true })
  const args = [...(launchOptions.args ?? []), ...prepare(folder)]
  const ignoreDefaultArgs = [...(launchOptions.ignoreDefaultArgs as string[]), '--disable-extensions']
  const context = await chromium.launchPersistentContext(profile, { ...launchOptions, args, ignoreDefaultArgs })
  try {
    const heard = listen(context)
    await run(context, heard)
    expect(heard).toEqual([])
  } finally {
    await context.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

test('with cookies switched off in the browser, events arrive and nothing is thrown or said', async ({
  ingest,
  site,
  launchOptions,
}) => {
  const prepare = (folder: string) => {
    const off = { profile: { default_content_setting_values: { cookies: 2 } } }
    writeFileSync(join(folder, 'profile/Default/Preferences'), JSON.stringify(off))
    return []
  }
  await withProfile(launchOptions, prepare, async (context) => {
    const page = await context.newPage()
    site.pages.set('/', site.page({ head: site.snippet({ attributes: ALL }) }))
    await page.goto(site.url)
    const error = await page.evaluate(() => {
      try {
        return `${localStorage.length} kept`
      } catch (error) {
        return (error as Error).name
      }
    })
    expect(error).toBe('SecurityError')
    await worksIn(page, ingest)
  })
})

test('in a page of an extension, events arrive and nothing is thrown or said', async ({ ingest, launchOptions }) => {
  let id = ''
  const prepare = (folder: string) => {
    const extension = join(folder, 'extension')
    mkdirSync(extension)
    const manifest = { manifest_version: 3, name: 'Example', version: '1', host_permissions: ['http://127.0.0.1/*'] }
    writeFileSync(join(extension, 'manifest.json'), JSON.stringify(manifest))
    cpSync(fileURLToPath(new URL('../dist', import.meta.url)), join(extension, 'airhop'), { recursive: true })
    writeFileSync(
      join(extension, 'page.js'),
      `import { autoPage, createAirhop, sharedId } from './airhop/index.mjs'
      const use = [sharedId({ domain: 'auto' }), autoPage()]
      window.airhop = createAirhop({ key: '${ingest.writeKey}', host: '${ingest.url}', flushMs: 50, use })`,
    )
    writeFileSync(join(extension, 'page.html'), '<title>Options</title><script type="module" src="page.js"></script>')
    // https://developer.chrome.com/docs/extensions/reference/manifest/key: without a key, the id is made of the path.
    const hex = createHash('sha256').update(extension).digest('hex').slice(0, 32)
    id = [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('')
    return [`--disable-extensions-except=${extension}`, `--load-extension=${extension}`]
  }
  await withProfile(launchOptions, prepare, async (context) => {
    const page = await context.newPage()
    await page.goto(`chrome-extension://${id}/page.html`)
    // No eval in an extension: its policy forbids what comes as text.
    await page.waitForFunction(() => (window as any).airhop?.VERSION)
    const result = await page.evaluate(() => airhop.track('last'))
    expect(result).toMatchObject({ status: 'stored' })
    await ingest.waitForEvents(1, { event: 'last' })
  })
})
