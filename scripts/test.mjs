// `npm test`: everything, in the order of what is quick to know. It stops at the first step that fails.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'airhop-reports-'))
const unitReport = join(reports, 'unit.json')
const e2eReport = join(reports, 'e2e.json')

// The dependency `node` is the version that the server needs, whatever started this.
const env = {
  ...process.env,
  PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
  PLAYWRIGHT_JSON_OUTPUT_FILE: e2eReport,
}

const vitest = (...projects) => [
  'vitest',
  'run',
  ...projects.flatMap((name) => ['--project', name]),
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${unitReport}`,
]
const STEPS = [
  { name: 'Format and lint', commands: [['biome', 'check', '.']] },
  { name: 'Types', commands: ['.', 'test', 'server', 'server/web'].map((project) => ['tsc', '-p', project]) },
  { name: 'Build', commands: [['rollup', '-c', '--silent']] },
  { name: 'Unit tests', commands: [vitest('sdk', 'server')], count: countUnit },
  // By itself: it builds small projects with other people's tools, and would take the time of tests that count it.
  { name: 'Package', commands: [vitest('package')], count: countUnit },
  { name: 'End-to-end tests', commands: [['playwright', 'test']], count: countE2e },
]

const total = { passed: 0, failed: 0, skipped: 0 }
let ok = true
for (const { name, commands, count } of STEPS) {
  console.log(`\n── ${name}`)
  const startMs = performance.now()
  const passed = commands.every(run)
  const { failed, ...found } = count?.() ?? { passed: 0, failed: 0, skipped: 0 }
  total.passed += found.passed
  total.skipped += found.skipped
  // A step that failed before any test of it did (a type error, a file that does not load) is a failure too.
  total.failed += passed ? failed : Math.max(1, failed)
  console.log(`── ${name}: ${passed ? 'ok' : 'failed'}, ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  ok = passed && failed === 0
  if (!ok) break
}
rmSync(reports, { recursive: true, force: true })
if (total.passed + total.failed === 0) console.log('\nNo test ran.')

const { passed, failed, skipped } = total
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(ok && passed > 0 ? 0 : 1)

function run([program, ...args]) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, env, stdio: 'inherit' })
  if (error) console.error(`\`${program}\` could not be started: ${error.message}.`)
  return status === 0
}

function countUnit() {
  const report = read(unitReport)
  if (!report) return undefined
  // The next step may end before it writes its own.
  rmSync(unitReport)
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
}

function countE2e() {
  const { stats } = read(e2eReport) ?? {}
  // One that passes only when it is tried again does not pass.
  return stats && { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }
}

/** Undefined when the step ended before it wrote one. */
function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
