import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import terser from '@rollup/plugin-terser'
import typescript from '@rollup/plugin-typescript'
import { dts } from 'rollup-plugin-dts'
import { build } from 'vite'

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

const ENTRIES = { index: 'src/index.ts', testing: 'src/testing.ts', react: 'src/react.ts' }

/** What entries share is in files of its own. */
const named = (extension) => ({
  dir: 'dist',
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name].${extension}`,
  // React Server Components: what is in it runs in the browser.
  banner: ({ name }) => (name === 'react' && !extension.startsWith('d.') ? "'use client'" : ''),
  sourcemap: !extension.startsWith('d.'),
})

/** The hashes for `<script integrity>`, https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity */
const integrities = {
  name: 'integrities',
  writeBundle({ file }, bundle) {
    const list = Object.values(bundle).flatMap(({ fileName, code }) =>
      code ? [[fileName, `sha384-${createHash('sha384').update(code).digest('base64')}`]] : [],
    )
    writeFileSync(join(file, '../sri.json'), `${JSON.stringify(Object.fromEntries(list), null, 2)}\n`)
  },
}

/** The live page is a program of its own, for browsers: Vite builds it into server/dist/web. */
const withPage = {
  name: 'with-page',
  writeBundle: () => build({ configFile: join(ROOT, 'server/web/vite.config.ts') }),
}

export default [
  {
    input: 'src/script.ts',
    plugins: [compile('tsconfig.json'), alsoInServer, integrities],
    output: { file: 'dist/airhop.js', format: 'iife', sourcemap: true, plugins: [minify({ toplevel: true })] },
  },
  // Everything that an npm user imports, in both forms of modules: Jest and old CommonJS programs can't load the other.
  {
    input: ENTRIES,
    external: ['react'],
    plugins: [compile('tsconfig.json')],
    output: [
      { ...named('mjs'), format: 'es' },
      { ...named('cjs'), format: 'cjs' },
    ],
  },
  {
    input: ENTRIES,
    external: ['react'],
    plugins: [dts({ tsconfig: 'tsconfig.json' })],
    output: [
      { ...named('d.mts'), format: 'es' },
      { ...named('d.cts'), format: 'es' },
    ],
  },
  {
    input: 'src/snippet.js',
    plugins: [alsoInServer],
    // It runs among the page's own globals and may add none: not a module, and no function of it unwrapped.
    output: { file: 'dist/snippet.js', format: 'es', plugins: [minify({ module: false }), atMost(SNIPPET_MAX_BYTES)] },
  },
  {
    // Not minified: its stack traces are read.
    input: ['main', 'program', 'worker-thread', 'reader-thread'].map((name) => `server/src/${name}.ts`),
    external: [/^node:/, 'fastify', /^ajv(\/|$)/, 'ajv-formats', '@fastify/static', 'cli-progress'],
    plugins: [compile('server/tsconfig.json'), executable, withPage],
    output: { dir: 'server/dist', format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'shared.mjs' },
  },
]
