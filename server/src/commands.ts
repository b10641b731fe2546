import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CannotStart } from './cannot-start.ts'
import { readSettings } from './config.ts'
import { openDataFolder, usingFile } from './data-folder.ts'
import { importFile } from './import.ts'
import { openImportFile } from './import-file.ts'
import { createProgress } from './progress.ts'
import { finishRebuild, rebuildPeople } from './rebuild.ts'
import { openSqliteStore } from './store/sqlite.ts'

export const USAGE = `Usage: airhop-ingest                       starts the server
       airhop-ingest import FILE.ndjson    stores the events of a file (also .gz; - is the standard input)
           --workspace NAME                whose events they are, where there are several workspaces
       airhop-ingest rebuild               makes people, accounts and counts anew from the stored events
Settings are environment variables (AIRHOP_DATA, AIRHOP_CONFIG…); import and rebuild need the server to be stopped.
`

/** So many rejected lines are told one by one. */
const TOLD_MAX = 20

/** Some lines of a file were not taken. */
const PARTLY = 2

/** Runs a command instead of the server; its exit code. Throws `CannotStart`. */
export async function runCommand(name: string, args: string[]): Promise<number> {
  if ([name, ...args].some((word) => word === '--help' || word === '-h') || name === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  if (name === 'rebuild') {
    if (args.length > 0) throw new CannotStart([`rebuild takes nothing more; it got \`${args.join(' ')}\`.\n${USAGE}`])
    return runRebuild()
  }
  if (name === 'import') return runImport(args)
  throw new CannotStart([`\`${name}\` is no command of airhop-ingest.\n${USAGE}`])
}

/** Holds the data folder, so that no server and no other command works on it. */
async function withStore(work: (storeFile: string) => Promise<number>): Promise<number> {
  const { data } = await readSettings(process.env)
  if (data === ':memory:')
    throw new CannotStart(['AIRHOP_DATA must be a folder: `:memory:` is empty and gone at once.'])
  const folder = openDataFolder(data)
  try {
    const storeFile = join(folder.path, 'events.db')
    return await usingFile(storeFile, () => {
      const progress = createProgress('Upgrading events.db')
      finishRebuild(storeFile, progress.update)
      progress.end()
      return work(storeFile)
    })
  } finally {
    folder.close()
  }
}

function runRebuild(): Promise<number> {
  return withStore(async (storeFile) => {
    const progress = createProgress('Rebuilding')
    let events = 0
    rebuildPeople(storeFile, (done, total) => {
      events = total
      progress.update(done, total)
    })
    progress.end()
    process.stdout.write(`People, accounts and counts are made anew from the events up to number ${events}.\n`)
    return 0
  })
}

async function runImport(args: string[]): Promise<number> {
  const { file: fileName, workspace: wanted } = readArguments(args)
  const { workspaces } = await readSettings(process.env)
  const names = workspaces?.map(({ name }) => name) ?? ['default']
  const workspace = wanted ?? (names.length === 1 ? names[0]! : undefined)
  if (workspace === undefined || !names.includes(workspace)) {
    throw new CannotStart([`--workspace must be one of: ${names.join(', ')}.`])
  }
  const file = openImportFile(fileName)
  return withStore(async (storeFile) => {
    const store = openSqliteStore(storeFile)
    const progress = createProgress('Importing')
    let told = 0
    const importing = importFile({
      file,
      workspace,
      store,
      now: Date.now,
      onProgress: (bytesRead, bytes, line) => progress.update(bytesRead, bytes, `${line} lines`),
      onRejected: (line, { code, message }) => {
        told += 1
        if (told <= TOLD_MAX) process.stderr.write(`airhop-ingest: line ${line}: ${code}: ${message}\n`)
        if (told === TOLD_MAX + 1) process.stderr.write('airhop-ingest: further rejected lines are only counted.\n')
      },
    })
    const { lines, skipped, stored, known, rejected } = await importing.finally(() => {
      progress.end()
      return store.close()
    })
    const done = skipped > 0 ? `, ${skipped} done by an earlier import of this file` : ''
    process.stdout.write(`${lines} lines: ${stored} stored, ${known} known already, ${rejected} rejected${done}.\n`)
    return rejected > 0 ? PARTLY : 0
  })
}

function readArguments(args: string[]): { file: string; workspace: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { workspace: { type: 'string' } },
    })
    if (positionals.length !== 1) throw new Error(`import takes one file; it got ${positionals.length}`)
    return { file: positionals[0]!, workspace: values.workspace }
  } catch (error) {
    throw new CannotStart([`${(error as Error).message}.\n${USAGE}`])
  }
}
