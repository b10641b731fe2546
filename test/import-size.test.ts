// @vitest-environment node
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import terser from '@rollup/plugin-terser'
import { rollup } from 'rollup'
import { expect, test } from 'vitest'

const DIST = join(import.meta.dirname, '../dist')
const FILES: Record<string, string> = {
  airhop: 'index.mjs',
  'airhop/react': 'react.mjs',
  'airhop/testing': 'testing.mjs',
}

/** What a bundler makes of a program of one import, minified as airhop.js is. */
const bundle = async (program: string): Promise<string> => {
  const built = await rollup({
    input: 'program',
    external: ['react'],
    plugins: [
      {
        name: 'program',
        // As package.json says it to bundlers: sideEffects is false.
        resolveId: (id) =>
          id === 'program' ? id : FILES[id] && { id: join(DIST, FILES[id]), moduleSideEffects: false },
        load: (id) => (id === 'program' ? program : undefined),
      },
    ],
    onwarn: ({ code, message }) => {
      if (code !== 'MODULE_LEVEL_DIRECTIVE' && code !== 'EMPTY_BUNDLE') throw new Error(message)
    },
  })
  const { output } = await built.generate({
    format: 'es',
    plugins: [terser({ ecma: 2020, module: true, compress: { passes: 3 }, format: { comments: false } })],
  })
  return output[0].code
}

const brotliBytes = (code: string): number =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length

// Each what was reached, and 1 % more.
test.each([
  ['createAirhop alone', `export { createAirhop } from 'airhop'`, 5245],
  ['createAirhop with autoPage', `export { autoPage, createAirhop } from 'airhop'`, 5563],
  ['createAirhop with sharedId', `export { createAirhop, sharedId } from 'airhop'`, 5544],
  ['everything of airhop', `export * from 'airhop'`, 5829],
  ['airhop/react besides airhop', `export * from 'airhop'; export * from 'airhop/react'`, 5987],
])(
  '%s has at most so many bytes by brotli',
  async (_, program, maxBytes) => {
    expect(brotliBytes(await bundle(program))).toBeLessThanOrEqual(maxBytes)
  },
  60_000,
)

test('a part that is not imported is not in the bundle', async () => {
  expect(await bundle(`import 'airhop'; import 'airhop/react'; import 'airhop/testing'`)).toMatch(
    /^(import\s*['"]react['"];)?\s*$/,
  )
  expect(await bundle(`export { VERSION } from 'airhop'`)).toMatch(/^.{1,60}\s*$/)
  const alone = await bundle(`export { createAirhop } from 'airhop'`)
  for (const other of ['currententrychange', 'max-age', 'expectEvent', 'react']) expect(alone).not.toContain(other)
  const react = await bundle(`export * from 'airhop/react'`)
  for (const other of ['currententrychange', 'max-age', 'expectEvent']) expect(react).not.toContain(other)
}, 60_000)
