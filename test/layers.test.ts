import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The SDK's files, bottom first: each may import only from those before it. */
const LAYERS = `
  limits version wire plan result uuid storage backoff page transport consent identity envelope event entry batch journal
  pause queue lifecycle sender calls replay extension auto-page shared-id airhop index script
  received expectation testing react
`
  .trim()
  .split(/\s+/)

/** The entry points that have a package of their own; the core has none. */
const PACKAGES: Record<string, string[]> = { react: ['react'] }

const SRC = join(import.meta.dirname, '../src')
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''))

test('every file has its place in the layers, and every place its file', () => {
  expect(files.toSorted()).toEqual(LAYERS.toSorted())
})

test.each(files)('%s imports only from layers below its own, and from no package but its own', (file) => {
  const source = readFileSync(join(SRC, `${file}.ts`), 'utf8')
  const imported = [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, from]) => from!)
  const above = imported.filter((from) => {
    if (PACKAGES[file]?.includes(from)) return false
    const place = LAYERS.indexOf(/^\.\/(.+)\.ts$/.exec(from)?.[1] ?? '')
    return place < 0 || place >= LAYERS.indexOf(file)
  })
  expect(above).toEqual([])
})
