import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CannotStart } from './cannot-start.ts'
import { type Database, openForLocking } from './sqlite.ts'

export interface DataFolder {
  path: string
  /** Lets another server have it; a temporary one is gone then. */
  close(): void
}

/**
 * The folder of all files of a server, made if it is not there, and held for this process alone: two servers on one log
 * would each process it. `:memory:` is a temporary one. Throws `CannotStart`.
 */
export function openDataFolder(data: string): DataFolder {
  const temporary = data === ':memory:'
  const path = temporary ? makeTemporary() : resolve(data)
  const lock = hold(path)
  return {
    path,
    close() {
      lock.close()
      if (temporary) rmSync(path, { recursive: true, force: true })
    },
  }
}

function makeTemporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'airhop-'))
  } catch (error) {
    throw new CannotStart([
      `No temporary folder can be made in ${tmpdir()}: ${(error as Error).message}. Set TMPDIR, or AIRHOP_DATA to a folder.`,
    ])
  }
}

/** Does what a file of the folder is needed for. Throws `CannotStart` where the file or its disk is not good for that. */
export async function usingFile<Result>(file: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    // These are mistakes of the program, which nobody can mend at the file.
    if (error instanceof CannotStart || error instanceof TypeError || error instanceof RangeError) throw error
    throw new CannotStart([
      `${file} cannot be used: ${(error as Error).message}. It must be whole, not of a newer version, and on a disk that takes writes.`,
    ])
  }
}

/** By a lock of SQLite on a file that holds nothing: the kernel lets go of it when the process ends, however it ends. */
function hold(path: string): Database {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return openForLocking(join(path, 'lock.db'))
  } catch (error) {
    const { message } = error as Error
    throw new CannotStart([
      /locked/.test(message)
        ? `Another airhop-ingest is running on the data folder ${path}. Stop it, or set AIRHOP_DATA to another folder.`
        : `The data folder ${path} cannot be used: ${message}. Set AIRHOP_DATA to a folder that can be written.`,
    ])
  }
}
