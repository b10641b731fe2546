// Installs what is missing, before `npm start` and `npm test`. It runs before there are dependencies, on any Node from 18
// on; when nothing is to do it costs a few stats.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEBIAN_CHROMIUM = '/usr/bin/chromium'
/** Which package brings which program. */
const DEBIAN_PACKAGES = {
  [DEBIAN_CHROMIUM]: 'chromium',
  '/usr/bin/firefox-esr': 'firefox-esr',
  '/usr/bin/WebKitWebDriver': 'webkit2gtk-driver',
  '/usr/bin/Xvfb': 'xvfb',
  '/usr/bin/curl': 'curl',
}

if (changedMs('node_modules/.package-lock.json') < changedMs('package-lock.json')) {
  console.log('Installing dependencies (once) …')
  const code = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code !== 0) {
    console.error('The dependencies could not be installed: see what npm says above. It needs the npm registry.')
    process.exit(code)
  }
}
if (process.argv.includes('--browsers')) installBrowsers()

/** The three engines of the end-to-end tests. Only Chromium is needed; what of the others is missing, the tests say. */
function installBrowsers() {
  const said = process.env.AIRHOP_CHROMIUM
  if (said && !existsSync(said))
    console.error(`AIRHOP_CHROMIUM says ${said}, and there is no such file: correct or unset it.`)
  const asRoot = process.getuid?.() === 0
  const missing = Object.entries(DEBIAN_PACKAGES).filter(
    ([file]) => !existsSync(file) && !(said && file === DEBIAN_CHROMIUM),
  )
  if (missing.length > 0 && asRoot && isDebian()) {
    const packages = missing.map(([, name]) => name)
    console.log(`Installing ${packages.join(', ')} for the end-to-end tests (once) …`)
    if (run('apt-get', ['update', '-qq']) === 0)
      // One by one: what this Debian does not have costs only itself.
      for (const name of packages) run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name])
  }
  if (said || hasChromium()) return
  // Ubuntu's package of this name is a snap, or is not there.
  run('node_modules/.bin/playwright', ['install', ...(asRoot && isDebian() ? ['--with-deps'] : []), 'chromium'])
  if (!hasChromium()) {
    console.error(
      'Chromium is missing, which the end-to-end tests need: install it (Debian: `apt-get install chromium`; ' +
        'elsewhere `npx playwright install chromium`), or set AIRHOP_CHROMIUM to the program.',
    )
  }
}

function hasChromium() {
  if (existsSync(DEBIAN_CHROMIUM)) return true
  try {
    return existsSync(createRequire(import.meta.url)('playwright-core').chromium.executablePath())
  } catch {
    return false // Playwright does not know this platform
  }
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false // not a Linux
  }
}

/** -1 for a file that is not there. */
function changedMs(file) {
  return statSync(`${ROOT}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? -1
}

/** The exit code; 127, as a shell says it, for a program that is not there. */
function run(program, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env, shell: process.platform === 'win32' })
  return status ?? 127
}
