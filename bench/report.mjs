// What a bench found, as JSON in results/ and as a table.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { versionOf } from './bundles.mjs'

/** A section is `{ title, columns, rows }`; `columns` are the fields of the rows to show, with their titles. */
export const report = (name, { sections, ...more }) => {
  const machine = `${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}`
  const result = {
    bench: name,
    date: new Date().toISOString().slice(0, 10),
    airhop: versionOf('airhop'),
    machine,
    ...more,
  }
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  const json = JSON.stringify({ ...result, sections }, null, 2)
  writeFileSync(new URL(`results/${name}.json`, import.meta.url), `${json}\n`)
  console.log(`## ${name}\n`)
  for (const section of sections) console.log(asTable(section))
}

export const asTable = ({ title, columns, rows }) => {
  const names = Object.keys(columns)
  const line = (cells) => `| ${cells.join(' | ')} |`
  const lines = [
    line(names.map((name) => columns[name])),
    line(names.map((_name, at) => (at === 0 ? '---' : '--:'))),
    ...rows.map((row) => line(names.map((name) => asText(row[name])))),
  ]
  return `**${title}**\n\n${lines.join('\n')}\n`
}

const asText = (value) => {
  if (value === undefined || value === null) return '–'
  if (typeof value === 'number') return value.toLocaleString('en-US')
  if (typeof value === 'object') {
    const [middle, min, max] = [value.median, value.min, value.max].map(asText)
    return min === max ? middle : `${middle} (${min}–${max})`
  }
  return `${value}`
}
