import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export const isRoot = process.getuid?.() === 0

/** Ends a program of ours and everything that it has started, by SIGKILL, until all are gone. Gives the moment of it. */
export const killTree = async (child: ChildProcess): Promise<number> => {
  const pids = treeOf(child.pid!)
  // The whole tree first stands still, so that none starts another meanwhile.
  for (const pid of pids) signalTo(pid, 'SIGSTOP')
  const killedAt = Date.now()
  for (const pid of pids) signalTo(pid, 'SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  while (pids.some(isAlive)) await wait(5)
  return killedAt
}

/** Starts a program, and resolves once it has said what is looked for, on whatever stream. */
export const startUntil = async (
  program: string,
  args: string[],
  { env, said }: { env?: NodeJS.ProcessEnv; said: RegExp },
): Promise<{ child: ChildProcess; match: RegExpExecArray }> => {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  let heard = ''
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const hear = (part: Buffer) => {
      heard += part
      const found = said.exec(heard)
      if (found) resolve(found)
    }
    for (const stream of child.stdio.slice(1)) stream?.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${heard}`)))
  })
  return { child, match }
}

function treeOf(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) && parentOf(Number(name))
    if (parent) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: pid (comm) state ppid; 0 for a process that has ended. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

/** One that has ended and is not yet waited for counts as gone. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}
