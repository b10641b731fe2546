import { readFileSync } from 'node:fs'
import { CannotStart } from './cannot-start.ts'
import { runCommand } from './commands.ts'
import { readSettings } from './config.ts'
import { type RunningServer, startServer } from './server.ts'

const [command, ...args] = process.argv.slice(2)

try {
  if (command === undefined) await serve()
  else process.exitCode = await runCommand(command, args)
} catch (error) {
  if (!(error instanceof CannotStart)) throw error
  for (const mistake of error.mistakes) process.stderr.write(`airhop-ingest: ${mistake}\n`)
  process.exitCode = 1
}

async function serve(): Promise<void> {
  const settings = await readSettings(process.env)
  const server = await startServer(settings)
  stopOn(['SIGTERM', 'SIGINT'], server)
  for (const warning of settings.warnings) process.stderr.write(`airhop-ingest: ${warning}\n`)
  process.stdout.write(welcome(server, settings.workspaces !== undefined))
}

/** npx hands Ctrl+C on to a server that has it from the terminal already: so soon, a second signal is the first again. */
const SAME_SIGNAL_MS = 500

/** The first signal ends it gently, the second at once. */
function stopOn(signals: NodeJS.Signals[], server: RunningServer): void {
  let stoppingSinceMs: number | undefined
  for (const signal of signals) {
    process.on(signal, async () => {
      if (stoppingSinceMs !== undefined) {
        if (performance.now() - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(1)
        return
      }
      stoppingSinceMs = performance.now()
      await server.close()
      process.exit(0)
    })
  }
}

/** Who configured the keys knows them; who did not, finds here all that is needed to go on. */
function welcome({ url, workspaces }: RunningServer, configured: boolean): string {
  const first = `airhop-ingest listening on ${url}\n`
  if (configured) return `${first}Workspaces: ${workspaces.map(({ name }) => name).join(', ')}\n`
  const [writeKey] = workspaces[0]!.writeKeys
  const [adminToken] = workspaces[0]!.adminTokens
  return `${first}Write key:   ${writeKey}
Admin token: ${adminToken}
Events: ${url}/#token=${adminToken}

Paste this into the <head> of your pages:
${stub()}<script src="${url}/airhop.js" data-key="${writeKey}" async></script>
`
}

/** Records calls made before the script is there. It is of the SDK's build; without it the tag alone works too. */
function stub(): string {
  try {
    return `<script>${readFileSync(new URL('../dist/snippet.js', import.meta.url), 'utf8').trim()}</script>\n`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
