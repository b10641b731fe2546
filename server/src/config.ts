import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Workspace } from './auth.ts'
import { CannotStart } from './cannot-start.ts'
import { isObject } from './check.ts'
import { findMistakes, findUnused } from './config-file.ts'
import type { Contract } from './contract.ts'
import { readContract } from './contract-file.ts'
import type { RuleSettings } from './rules.ts'

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
  const found = (await findMistakes(config)).map((mistake) => `${file}: ${mistake}`)
  const contracts = await readContracts(config, file, found)
  mistakes.push(...found)
  if (found.length > 0) return undefined

  const { workspaces } = config as { workspaces: WorkspaceSettings[] }
  warnings.push(...findUnused(workspaces).map((unused) => `${file}: ${unused}`))
  return workspaces.map(({ adminTokens = [], ...workspace }, at) => {
    const {
      identitySecret = [],
      enforceIdentity,
      allowedTypes,
      allowedOrigins,
      ratePerSecond,
      contract,
      ...keys
    } = workspace
    const identity = { identitySecrets: [identitySecret].flat(), enforceIdentity }
    const rules = { ...identity, allowedTypes, allowedOrigins, ratePerSecond, contract: contracts.get(at) }
    return { ...keys, adminTokens, rules }
  })
}

/** A workspace as the file says it. */
interface WorkspaceSettings
  extends Omit<Workspace, 'adminTokens' | 'rules'>,
    Omit<RuleSettings, 'identitySecrets' | 'contract'> {
  adminTokens?: string[]
  identitySecret?: string | string[]
  contract?: string
}

/** The contracts that a configuration names, by the place of the workspace; also where other things are wrong with it. */
async function readContracts(config: unknown, file: string, mistakes: string[]): Promise<Map<number, Contract>> {
  const contracts = new Map<number, Contract>()
  const workspaces = isObject(config) && Array.isArray(config.workspaces) ? config.workspaces : []
  for (const [at, workspace] of workspaces.entries()) {
    if (!isObject(workspace) || typeof workspace.contract !== 'string' || workspace.contract === '') continue
    const read = await readContract(resolve(dirname(file), workspace.contract))
    if ('contract' in read) contracts.set(at, read.contract)
    else mistakes.push(...read.mistakes)
  }
  return contracts
}
