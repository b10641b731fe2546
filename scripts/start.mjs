// `npm start`: builds if the sources are newer, starts airhop-ingest with the environment as it is, and serves the demo
// on a port of its own, as a customer's page would be: from another origin than the script and the API.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { delimiter, extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** How often it looks whether npm is still there. */
const PARENT_POLL_MS = 250

const HOST = '127.0.0.1'
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = [
  'src',
  'server/src',
  'server/web',
  'rollup.config.mjs',
  'tsconfig.json',
  'server/tsconfig.json',
  'package.json',
]
const BUILT = ['dist', 'server/dist'].flatMap((folder) => [`${folder}/airhop.js`, `${folder}/snippet.js`])
const PROGRAMS = ['main.mjs', 'worker-thread.mjs', 'reader-thread.mjs', 'web/index.html'].map(
  (name) => `server/dist/${name}`,
)

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
}

// The dependency `node` is the version that the server needs, whatever started this.
const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}` }

const demoPort = Number(process.env.AIRHOP_DEMO_PORT?.trim() || 4681)
if (!Number.isInteger(demoPort) || demoPort < 0 || demoPort > 65_535) {
  fail('AIRHOP_DEMO_PORT must be a number from 0 to 65535; 0 picks a free port.')
}
if (isStale()) build()
const ingest = startIngest()
const { url, writeKey, adminToken } = await ingest.started
const eventsUrl = adminToken ? `${url}/#token=${adminToken}` : `${url}/`
const demo = createServer((request, response) => void serve(request, response))
demo.once('error', ({ code, message }) => {
  const reason =
    code === 'EADDRINUSE'
      ? `Port ${demoPort} is in use. Stop what uses it, or set AIRHOP_DEMO_PORT (0 picks a free one).`
      : `The demo cannot listen on ${HOST}:${demoPort}: ${message}.`
  console.error(`\n${reason}`)
  ingest.stop(1)
})
demo.listen(demoPort, HOST, () => {
  console.log(`
Live page: ${eventsUrl}
           ← open this: it has the code for your own page, and shows each event as it is stored
Demo:      http://${HOST}:${demo.address().port}/   ← or this: click, and see the events arrive beside it

Ctrl+C stops.`)
})

// ---- The build ----

function isStale() {
  const built = [...BUILT, 'dist/index.mjs', ...PROGRAMS].map((file) => join(ROOT, file))
  if (!built.every((file) => existsSync(file))) return true
  const sources = SOURCES.flatMap((path) => filesOf(join(ROOT, path)))
  return Math.max(...sources.map(changedMs)) > Math.min(...built.map(changedMs))
}

function build() {
  console.log('Building …')
  const { status } = spawnSync('rollup', ['-c', '--silent'], { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) fail('The build failed: see above.')
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true }).map((name) => join(path, name))
}

function changedMs(file) {
  return statSync(file).mtimeMs
}

// ---- The server ----

function startIngest() {
  // In a process group of its own: Ctrl+C goes to the whole group, and a second signal ends the server at once.
  const child = spawn('node', [join(ROOT, 'server/dist/main.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let endWith
  child.once('error', ({ message }) => fail(`The server could not be started: ${message}.`))
  child.once('exit', (code) => process.exit(endWith ?? code ?? 1))
  const stop = (code) => {
    if (endWith !== undefined) return
    endWith = code
    child.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0))
  // Between npm and this stands a shell, which a SIGTERM to npm ends without a word to us.
  const parent = process.ppid
  const orphaned = () => process.ppid !== parent && stop(0)
  if (process.env.npm_lifecycle_event) setInterval(orphaned, PARENT_POLL_MS).unref()
  // However else this ends, it leaves no server behind.
  process.on('exit', () => child.kill('SIGTERM'))

  const started = new Promise((resolve) => {
    const found = {}
    createInterface({ input: child.stdout }).on('line', (line) => {
      console.log(line)
      found.url ??= /^airhop-ingest listening on (\S+)/.exec(line)?.[1]
      found.writeKey ??= /^Write key: +(\S+)/.exec(line)?.[1]
      found.adminToken ??= /^Admin token: +(\S+)/.exec(line)?.[1]
      // The last line of either welcome.
      if (/^Workspaces: /.test(line)) resolve({ ...found, ...keysOfConfig() })
      if (/data-key="/.test(line)) resolve(found)
    })
  })
  return { started, stop }
}

/** The server has read the same file and found it in order. */
function keysOfConfig() {
  const [first] = JSON.parse(readFileSync(process.env.AIRHOP_CONFIG.trim(), 'utf8')).workspaces
  return { writeKey: first.writeKeys[0], adminToken: first.adminTokens?.[0] }
}

// ---- The demo ----

async function serve({ method, url: target }, response) {
  const answer = (status, type, body) => {
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(method === 'HEAD' ? undefined : body)
  }
  if (method !== 'GET' && method !== 'HEAD') return answer(405, 'text/plain', 'Only GET and HEAD.')
  try {
    const file = fileOf(target)
    const type = TYPES[extname(file)]
    if (!type) return answer(404, 'text/plain', 'Not found.')
    const body = await readFile(file)
    answer(200, type, type.startsWith('text/html') ? asPage(body.toString()) : body)
  } catch (error) {
    if (error instanceof URIError || error.code === 'ERR_INVALID_URL') return answer(400, 'text/plain', 'Bad request.')
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(error.code)) {
      return answer(404, 'text/plain', 'Not found.')
    }
    console.error(error)
    answer(500, 'text/plain', 'The demo could not read this file.')
  }
}

/** Of a path of the demo; the panel's two files stand beside the example, which is only what a user would copy. */
function fileOf(target) {
  const { pathname } = new URL(target, `http://${HOST}`)
  const path = decodeURIComponent(pathname)
  if (path === '/beside.js' || path === '/beside.css') return join(ROOT, 'examples', path)
  // An encoded `..` is one only now. Nothing above the folder is served.
  if (path.split(/[/\\]/).includes('..')) throw new URIError('It leads out of the folder.')
  return join(ROOT, 'examples/script-tag', path.endsWith('/') ? `${path}index.html` : path)
}

/** The page as a user has it who put in his own address and key, and beside it the panel. */
function asPage(html) {
  const panel = `<script src="/beside.js" data-events="${eventsUrl}"></script>\n  </body>`
  // By functions: `$` is special in a replacement given as text.
  return html
    .replaceAll('https://app.airhop.ai/airhop.js', () => `${url}/airhop.js`)
    .replaceAll('wk_your_write_key', () => writeKey)
    .replace('</head>', () => '<link rel="stylesheet" href="/beside.css" />\n  </head>')
    .replace('</body>', () => panel)
}

function fail(reason) {
  console.error(reason)
  process.exit(1)
}
