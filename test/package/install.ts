import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURES = join(import.meta.dirname, 'fixtures')

/**
 * The tools of the fixtures: installed once for each state of their package.json, apart from what airhop itself needs.
 * Without a lock file: npm leaves out binaries of other platforms that a mirror lacks, and then refuses the file.
 */
const installTools = (): string => {
  const wanted = readFileSync(join(FIXTURES, 'package.json'))
  const tools = join(ROOT, '.cache', `fixtures-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`)
  if (existsSync(tools)) return tools
  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  const partial = mkdtempSync(join(ROOT, '.cache/partial-'))
  cpSync(join(FIXTURES, 'package.json'), join(partial, 'package.json'))
  const { status } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: partial,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('The tools of the fixtures could not be installed: see what npm says above.')
  renameSync(partial, tools)
  return tools
}

/** Copies the fixtures, and puts the packed tarball beside them as npm would install it. */
export default ({ provide }: TestProject) => {
  const tools = installTools()
  const fixtures = mkdtempSync(join(tools, 'run-'))
  cpSync(FIXTURES, fixtures, { recursive: true })
  const airhop = join(fixtures, 'node_modules/airhop')
  mkdirSync(airhop, { recursive: true })
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', fixtures], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  })
  const tarball = join(fixtures, /"filename":\s*"([^"]+)"/.exec(packed)![1]!)
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', airhop])
  provide('tools', tools)
  provide('fixtures', fixtures)
  provide('tarball', tarball)
  return () => rmSync(fixtures, { recursive: true, force: true })
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the fixtures' `node_modules`. */
    tools: string
    /** Of this run. */
    fixtures: string
    tarball: string
  }
}
