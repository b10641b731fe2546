// The programs of programs/, bundled as a user's would be, and what they are made of.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Programs by name, with the package that each is about; those without are our own. */
export const PROGRAMS = {
  blank: {},
  floor: {},
  airhop: {},
  segment: { package: '@segment/analytics-next' },
  'segment-batching': { package: '@segment/analytics-next' },
  posthog: { package: 'posthog-js' },
  rudderstack: { package: '@rudderstack/analytics-js' },
  snowplow: { package: '@snowplow/browser-tracker' },
  mixpanel: { package: 'mixpanel-browser' },
  amplitude: { package: '@amplitude/analytics-browser' },
  jitsu: { package: '@jitsu/js' },
  plausible: { package: '@plausible-analytics/tracker' },
}

/** Those named on the command line, beside the floor; all, if none is. */
export const chosenPrograms = () => {
  const chosen = process.argv.slice(2)
  return Object.keys(PROGRAMS).filter((name) => chosen.length === 0 || name === 'floor' || chosen.includes(name))
}

export const versionOf = (name) => {
  const peer = PROGRAMS[name]?.package
  return JSON.parse(read(peer ? `node_modules/${peer}/package.json` : '../package.json')).version
}

/**
 * The files of a program by name; `main.js` is the one to load, and `start` is on `globalThis.bench`. What a peer
 * imports at run time only when it needs it is in files of its own.
 */
export const bundle = async (name) => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { start } from './programs/${name}.js'\nglobalThis.bench = start`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    alias: { airhop: `${ROOT}dist/index.mjs` },
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    entryNames: 'main',
    outdir: '/',
    logLevel: 'error',
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [path.slice(1), Buffer.from(contents)]))
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [path.split('/').at(-1), output.imports]),
  )
  return { files, loadedAtStart: staticallyImported(outputs) }
}

const staticallyImported = (outputs, name = 'main.js', found = new Set()) => {
  if (found.has(name)) return found
  found.add(name)
  for (const { path, kind } of outputs.get(name) ?? [])
    if (kind === 'import-statement') staticallyImported(outputs, path.split('/').at(-1), found)
  return found
}
