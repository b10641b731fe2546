import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface App {
  url: string
  stop(): Promise<void>
}

const changedMs = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1

/** Installs and builds an example as its user would, if that has not been done for these sources, and gives its folder. */
export const buildExample = (name: string, env: Record<string, string>, args: string[] = []): string => {
  const folder = join(ROOT, 'examples', name)
  const run = (...command: string[]) => {
    const { status, stdout, stderr } = spawnSync('npm', command, {
      cwd: folder,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`npm ${command.join(' ')} of examples/${name}: ${stdout}${stderr}`)
  }
  // Without a lock file: npm writes one without the binaries of other platforms, and refuses it afterwards.
  if (changedMs(`${folder}/node_modules/.package-lock.json`) < changedMs(`${folder}/package.json`))
    run('install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error')
  const hash = createHash('sha256').update(JSON.stringify([env, args]))
  const sources = globSync('{package.json,index.html,*.js,src/**/*.*,app/**/*.*}', { cwd: folder }).sort()
  for (const file of [
    ...globSync(join(ROOT, 'dist/{index.mjs,shared/*.mjs}')).sort(),
    ...sources.map((source) => join(folder, source)),
  ])
    hash.update(readFileSync(file))
  const stamp = join(folder, 'node_modules/.built')
  const built = hash.digest('hex')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== built) {
    run('run', 'build', '--', ...args)
    writeFileSync(stamp, built)
  }
  return folder
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

/** As hosts of single-page apps do it: what is no file is the app. */
export const serveSinglePageApp = async (folder: string): Promise<App> => {
  const server = createServer(({ url }, response) => {
    const path = join(folder, 'dist', new URL(url!, 'http://localhost').pathname)
    const file = extname(path) && existsSync(path) ? path : join(folder, 'dist/index.html')
    response.writeHead(200, { 'content-type': TYPES[extname(file)] }).end(readFileSync(file))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const startNext = async (folder: string): Promise<App> => {
  const next = join(folder, 'node_modules/next/dist/bin/next')
  const child: ChildProcess = spawn(process.execPath, [next, 'start', '--port', '0', '--hostname', '127.0.0.1'], {
    cwd: folder,
    env: { PATH: process.env.PATH, NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`next start ended with ${code}`)))
    let found = ''
    createInterface({ input: child.stdout! }).on('line', (line) => {
      found ||= /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ''
      if (found && /Ready/.test(line)) resolve(found)
    })
  })
  return {
    url,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
