#!/usr/bin/env node

/** As `engines` in package.json. */
const NODE_MIN_MAJOR = 24

const { node } = process.versions

// Older ones end at the first import that they do not know, with a stack trace: nothing is imported before this is known.
if (Number.parseInt(node, 10) >= NODE_MIN_MAJOR) await import('./program.ts')
else {
  process.stderr.write(`airhop-ingest: needs Node ${NODE_MIN_MAJOR} or newer, and this is ${node}.\n`)
  process.exitCode = 1
}
