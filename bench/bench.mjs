// `npm run bench [names]`: builds, runs each bench by itself, prints its tables, and writes them into docs/performance.md.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BENCH = join(ROOT, 'bench')
const NAMES = ['size', 'wire', 'cpu', 'memory', 'page-speed', 'normalise', 'server', 'load', 'answers', 'import']
const TABLES = /(?<=<!-- tables: npm run bench -->\n)[\s\S]*(?=<!-- end of tables -->)/

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !NAMES.includes(name))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${NAMES.join(', ')}.`)
  process.exit(1)
}

// The dependency `node` is the version that the server needs, whatever started this.
const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}` }
const run = (program, args, cwd = ROOT) => spawnSync(program, args, { cwd, env, stdio: 'inherit' }).status === 0

if (changedMs('node_modules/.package-lock.json') < changedMs('package-lock.json')) {
  console.log('Installing the peers (once) …')
  // None of them needs its scripts.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  if (!run('npm', args, BENCH)) fail('The peers could not be installed: see what npm says above.')
}
if (!run('rollup', ['-c', '--silent'])) fail('The build failed: see above.')

const failed = (chosen.length > 0 ? chosen : NAMES).filter((name) => !run('node', [join(BENCH, `${name}.mjs`)]))
await writeTables()
if (failed.length > 0) fail(`Failed: ${failed.join(', ')}.`)

/** The newest of each bench, also of those that did not run this time. */
async function writeTables() {
  // Imported here, because it needs what is installed above.
  const { asTable } = await import('./report.mjs')
  const results = NAMES.map((name) => join(BENCH, `results/${name}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
  const tables = results.map(({ bench, date, airhop, machine, chromium, sections }) => {
    const made = [`airhop ${airhop}`, machine, chromium && `Chromium ${chromium}`].filter(Boolean).join(', ')
    return `\n### ${bench}\n\n${date}; ${made}.\n\n${sections.map(asTable).join('\n')}`
  })
  const file = join(ROOT, 'docs/performance.md')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(TABLES, () => `${tables.join('')}\n`),
  )
}

/** -1 for a file that is not there. */
function changedMs(file) {
  return statSync(join(BENCH, file), { throwIfNoEntry: false })?.mtimeMs ?? -1
}

function fail(reason) {
  console.error(reason)
  process.exit(1)
}
