import { randomInt } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workspace } from './auth.ts'
import { CannotStart } from './cannot-start.ts'

/** Beside a year of guesses at 1e6 a second, 62^24 is 5e28 times as much; the token that reads gets more. */
const WRITE_KEY_CHARS = 24
const ADMIN_TOKEN_CHARS = 32
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const randomText = (chars: number) => Array.from({ length: chars }, () => BASE62[randomInt(BASE62.length)]).join('')

interface KeysFile {
  writeKey: string
  adminToken: string
}

/**
 * The one workspace of a server without a configuration. Its keys are made at the first start and kept in `keys.json` of
 * the data folder, which only its owner can read; what the environment says comes before. Throws `CannotStart`.
 */
export function onlyWorkspace(folder: string, said: Partial<KeysFile>): Workspace {
  const { writeKey, adminToken } = said
  const kept = writeKey !== undefined && adminToken !== undefined ? { writeKey, adminToken } : keptIn(folder)
  return { name: 'default', writeKeys: [writeKey ?? kept.writeKey], adminTokens: [adminToken ?? kept.adminToken] }
}

function keptIn(folder: string): KeysFile {
  const file = join(folder, 'keys.json')
  try {
    const { writeKey, adminToken } = JSON.parse(readFileSync(file, 'utf8')) as Partial<KeysFile>
    if (
      typeof writeKey !== 'string' ||
      !/^wk_\S+$/.test(writeKey) ||
      typeof adminToken !== 'string' ||
      adminToken === ''
    )
      throw new Error('it lacks `writeKey` or `adminToken`')
    return { writeKey, adminToken }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new CannotStart([`${file} cannot be used: ${(error as Error).message}. Remove it, and new keys are made.`])
    }
  }
  const made = { writeKey: `wk_${randomText(WRITE_KEY_CHARS)}`, adminToken: `at_${randomText(ADMIN_TOKEN_CHARS)}` }
  try {
    // By way of another name: half a file would have to be removed by hand.
    writeFileSync(`${file}.part`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(`${file}.part`, file)
  } catch (error) {
    throw new CannotStart([`${file} cannot be written, to keep the keys: ${(error as Error).message}.`])
  }
  return made
}
