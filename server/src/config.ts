import { readFileSync } from 'node:fs'
import type { Workspace } from './auth.ts'
import { CannotStart } from './cannot-start.ts'
import { findMistakes, findUnused } from './config-file.ts'

/** What the server is told at its start. */
export interface Settings {
  /** 0 picks a free one. */
  port: number
  host: string
  /** The data folder, or `:memory:` for one that is gone after the end. */
  data: string
  /** Those of the configuration file; without one there is a single workspace, of the keys below. */
  workspaces: readonly Workspace[] | undefined
  /** Of the environment; what is not given is made at the first start and kept. */
  writeKey: string | undefined
  adminToken: string | undefined
  /** What was said and has no effect; a sentence each. */
  warnings: readonly string[]
}

/** Reads the environment and the configuration file it names. Throws `CannotStart` with all mistakes at once. */
export async function readSettings(env: NodeJS.ProcessEnv): Promise<Settings> {
  const mistakes: string[] = []
  const warnings: string[] = []
  const said = (name: string) => env[name]?.trim() || undefined

  const port = Number(said('AIRHOP_PORT') ?? 4680)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    mistakes.push('AIRHOP_PORT must be a number from 0 to 65535; 0 picks a free port.')
  }
  for (const name of ['AIRHOP_LOG', 'AIRHOP_STORE']) {
    const engine = said(name) ?? 'sqlite:'
    if (engine !== 'sqlite:') mistakes.push(`${name} must be \`sqlite:\`: this version has no other engine.`)
  }
  if ((said('AIRHOP_ROLE') ?? 'all') !== 'all')
    mistakes.push('AIRHOP_ROLE must be `all`: this version has no other role.')

  const writeKey = said('AIRHOP_WRITE_KEY')
  const adminToken = said('AIRHOP_ADMIN_TOKEN')
  if (writeKey !== undefined && !/^wk_\S+$/.test(writeKey)) mistakes.push('AIRHOP_WRITE_KEY must start with `wk_`.')
  if (adminToken !== undefined && /^(wk|pk)_/.test(adminToken)) {
    mistakes.push('AIRHOP_ADMIN_TOKEN must not be a write key or a widget key: it reads all events.')
  }

  const file = said('AIRHOP_CONFIG')
  const workspaces = file === undefined ? undefined : await readWorkspaces(file, mistakes, warnings)
  if (file !== undefined && (writeKey ?? adminToken) !== undefined) {
    warnings.push('AIRHOP_WRITE_KEY and AIRHOP_ADMIN_TOKEN have no effect beside AIRHOP_CONFIG.')
  }
  if (mistakes.length > 0) throw new CannotStart(mistakes)

  const host = said('AIRHOP_HOST') ?? '127.0.0.1'
  const data = said('AIRHOP_DATA') ?? './airhop-data'
  return { port, host, data, workspaces, writeKey, adminToken, warnings }
}

async function readWorkspaces(file: string, mistakes: string[], warnings: string[]): Promise<Workspace[] | undefined> {
  let config: unknown
  try {
    config = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    mistakes.push(`AIRHOP_CONFIG: ${file} cannot be read as JSON: ${(error as Error).message}.`)
    return undefined
  }
  const found = await findMistakes(config)
  mistakes.push(...found.map((mistake) => `${file}: ${mistake}`))
  if (found.length > 0) return undefined

  const { workspaces } = config as { workspaces: (Omit<Workspace, 'adminTokens'> & Partial<Workspace>)[] }
  warnings.push(...findUnused(workspaces).map((unused) => `${file}: ${unused}`))
  return workspaces.map((workspace) => ({ ...workspace, adminTokens: workspace.adminTokens ?? [] }))
}
