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

const importsOf = (file: string): string[] => {
  const source = readFileSync(join(SRC, `${file}.ts`), 'utf8')
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, from]) => from!)
}
const nameOf = (from: string): string => /^\.\/(.+)\.ts$/.exec(from)?.[1] ?? ''

test.each(files)('%s imports only from layers below its own, and from no package but its own', (file) => {
  const above = importsOf(file).filter((from) => {
    if (PACKAGES[file]?.includes(from)) return false
    const place = LAYERS.indexOf(nameOf(from))
    return place < 0 || place >= LAYERS.indexOf(file)
  })
  expect(above).toEqual([])
})

test('CONTRIBUTING names every file, above those that it imports', () => {
  const page = readFileSync(join(SRC, '../CONTRIBUTING.md'), 'utf8')
  const lines = /^The SDK, from the entries down:\n\n((?:\d.*\n)+)/m.exec(page)![1]!.split('\n')
  const lineOf = (file: string) => lines.findIndex((line) => line.includes(`\`${file}\``))
  expect(files.filter((file) => lineOf(file) < 0)).toEqual([])
  const above = files.flatMap((file) =>
    importsOf(file)
      .filter((from) => !PACKAGES[file]?.includes(from) && lineOf(nameOf(from)) <= lineOf(file))
      .map((from) => `${file} imports ${from}`),
  )
  expect(above).toEqual([])
})
