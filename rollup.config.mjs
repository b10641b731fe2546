import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import terser from '@rollup/plugin-terser'
import typescript from '@rollup/plugin-typescript'
import { dts } from 'rollup-plugin-dts'

/** The stub is pasted into the <head> of every page, so every visitor pays for it before anything else. */
const SNIPPET_MAX_BYTES = 300

const ROOT = fileURLToPath(new URL('.', import.meta.url))

/** A type error fails the build, and is said once. Imports end in `.ts`; what is emitted from them in `.js`. */
const compile = (tsconfig) =>
  typescript({ tsconfig, rootDir: ROOT, rewriteRelativeImportExtensions: true, noEmitOnError: true })

const minify = (options) => terser({ ecma: 2020, compress: { passes: 3 }, format: { comments: false }, ...options })

/** Puts what was written also beside the server, which serves it. */
const alsoInServer = {
  name: 'also-in-server',
  writeBundle({ file }, bundle) {
    mkdirSync('server/dist', { recursive: true })
    for (const name of Object.keys(bundle)) copyFileSync(join(file, '..', name), join('server/dist', basename(name)))
  },
}

const atMost = (maxBytes) => ({
  name: 'at-most',
  generateBundle(_options, bundle) {
    for (const { fileName, code } of Object.values(bundle)) {
      const bytes = Buffer.byteLength(code)
      if (bytes > maxBytes) this.error(`${fileName} has ${bytes} bytes; it may have ${maxBytes}.`)
    }
  },
})

const executable = {
  name: 'executable',
  writeBundle: ({ dir }) => chmodSync(join(dir, 'main.mjs'), 0o755),
}

export default [
  {
    input: 'src/script.ts',
    plugins: [compile('tsconfig.json'), alsoInServer],
    output: { file: 'dist/airhop.js', format: 'iife', sourcemap: true, plugins: [minify({ toplevel: true })] },
  },
  {
    input: 'src/index.ts',
    plugins: [compile('tsconfig.json')],
    output: { file: 'dist/index.mjs', format: 'es', sourcemap: true },
  },
  {
    input: 'src/index.ts',
    plugins: [dts({ tsconfig: 'tsconfig.json' })],
    output: { file: 'dist/index.d.ts', format: 'es' },
  },
  {
    input: 'src/snippet.js',
    plugins: [alsoInServer],
    // It runs among the page's own globals and may add none: not a module, and no function of it unwrapped.
    output: { file: 'dist/snippet.js', format: 'es', plugins: [minify({ module: false }), atMost(SNIPPET_MAX_BYTES)] },
  },
  {
    // Not minified: its stack traces are read.
    input: ['server/src/main.ts', 'server/src/worker-thread.ts'],
    external: [/^node:/, 'fastify', /^ajv(\/|$)/, 'ajv-formats', '@fastify/static', 'cli-progress'],
    plugins: [compile('server/tsconfig.json'), executable],
    output: { dir: 'server/dist', format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'shared.mjs' },
  },
]
