import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { VERSION } from '../../src/version.ts'

const tools = inject('tools')
const fixtures = inject('fixtures')
const tarball = inject('tarball')
const airhop = join(fixtures, 'node_modules/airhop')

/** Runs a program of the fixtures' tools, or a file by Node, in a fixture's folder; rejects with all that it said. */
const run = async (fixture: string, program: string, args: string[] = [], env: Record<string, string> = {}) => {
  const file = /[./]/.test(program) ? program : join(tools, 'node_modules/.bin', program)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], {
      cwd: join(fixtures, fixture),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...env },
    })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`)
  }
}

const TSC = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
const NO_DOCUMENT = { messageId: '', status: 'dropped', reason: 'no_document' }

/** A built file has the part that was imported, nothing of the others, and runs. */
const expectPart = async (fixture: string, file: string) => {
  const code = readFileSync(join(fixtures, fixture, file), 'utf8')
  expect(code).toContain('/ingest/v1/batch')
  for (const other of ['currententrychange', 'max-age', 'expectEvent', 'AirhopProvider'])
    expect(code).not.toContain(other)
  expect(JSON.parse(await run(fixture, file))).toEqual(NO_DOCUMENT)
}

describe('the packed tarball', () => {
  test('publint finds nothing', async () => {
    const said = await run('.', 'publint', ['run', tarball, '--strict'])
    expect(said).toContain('All good!')
  })

  test('arethetypeswrong finds nothing, for any way to resolve it', async () => {
    // Scripts for a script tag and their hashes are files, and no modules.
    const said = await run('.', 'attw', [
      tarball,
      '--no-color',
      '--exclude-entrypoints',
      'airhop.js',
      'snippet.js',
      'sri.json',
    ])
    expect(said).toContain('No problems found')
  })

  test('its types compile, as ES modules and as CommonJS, and as bundlers resolve it', async () => {
    await run('types', TSC)
    await run('types', TSC, ['--module', 'esnext', '--moduleResolution', 'bundler'])
  })

  test('everything that package.json points to is in it', () => {
    const manifest = JSON.parse(readFileSync(join(airhop, 'package.json'), 'utf8'))
    const paths = JSON.stringify([
      manifest.exports,
      manifest.unpkg,
      manifest.jsdelivr,
      manifest.main,
      manifest.types,
    ]).match(/\.\/[^"]+/g)!
    const files = ['dist/airhop.js', ...readdirSync(join(airhop, 'dist')).map((name) => `dist/${name}`), 'package.json']
    const targets = paths.filter((path) => path.startsWith('./dist/'))
    expect(targets.length).toBeGreaterThan(15)
    for (const path of targets) expect(files).toContain(path.slice(2))
    expect(manifest.dependencies).toBeUndefined()
    expect(manifest.sideEffects).toBe(false)
  })

  test('sri.json has the hash of the script as it is packed', () => {
    const hash = createHash('sha384')
      .update(readFileSync(join(airhop, 'dist/airhop.js')))
      .digest('base64')
    expect(JSON.parse(readFileSync(join(airhop, 'dist/sri.json'), 'utf8'))).toEqual({ 'airhop.js': `sha384-${hash}` })
  })
})

describe('a project made with it', () => {
  test.each(['app.mjs', 'app.cjs'])('Node runs %s, all three entries', async (file) => {
    expect(JSON.parse(await run('node', file))).toEqual({
      result: NO_DOCUMENT,
      VERSION,
      html: VERSION,
      properties: { projectId: 'p_1' },
    })
  })

  test('esbuild bundles the part that is imported', async () => {
    await run('esbuild', 'build.mjs')
    await expectPart('esbuild', 'dist/main.js')
  })

  test('Vite bundles the part that is imported', async () => {
    await run('vite', 'vite', ['build', '--base=./'])
    const [file] = readdirSync(join(fixtures, 'vite/dist/assets'))
    await expectPart('vite', `dist/assets/${file}`)
  })

  test('webpack 5 bundles the part that is imported', async () => {
    await run('webpack', 'build.mjs')
    await expectPart('webpack', 'dist/main.js')
  })

  test('Next.js builds it: the provider in a server component, the hook in a client component', async () => {
    await run('next', 'next', ['build'])
    const html = readFileSync(join(fixtures, 'next/.next/server/app/index.html'), 'utf8')
    expect(html).toMatch(new RegExp(`<button type="button">airhop (<!-- -->)?${VERSION}</button>`))
    const chunks = readdirSync(join(fixtures, 'next/.next/static'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(fixtures, 'next/.next/static', name), 'utf8'))
    expect(chunks.filter((code) => code.includes('/ingest/v1/batch'))).toHaveLength(1)
  })

  test.each(['node', 'jsdom'])('Jest runs it in %s, its tests made CommonJS by Babel', async (environment) => {
    await run('jest', 'jest', ['--env', environment, '--testMatch', '**/*.test.js'])
  })

  test.each(['node', 'jsdom'])('Jest runs it in %s, its tests as ES modules', async (environment) => {
    await run('jest', 'jest', ['--env', environment, '--testMatch', '**/*.test.mjs'], {
      NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
    })
  })
})
