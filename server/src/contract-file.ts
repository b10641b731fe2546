import { readFileSync } from 'node:fs'
import type { Ajv, ErrorObject, Options } from 'ajv'
import { CONTRACT_MODES, type Contract, type ContractMode, type ContractRule, createContract } from './contract.ts'
import { sentenceOf } from './schema-sentence.ts'

/** The types whose events have a name, and the field of a rule that says it. */
const NAME_FIELDS: { readonly [type: string]: 'event' | 'name' | undefined } = {
  track: 'event',
  page: 'name',
  screen: 'name',
}

interface ContractFile {
  mode: ContractMode
  unplanned?: ContractMode | 'allow'
  rules: { type: string; event?: string; name?: string; mode?: ContractMode; schema: object | boolean }[]
}

const SHAPE = {
  type: 'object',
  required: ['mode', 'rules'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    mode: { enum: CONTRACT_MODES },
    unplanned: { enum: ['allow', ...CONTRACT_MODES] },
    definitions: { type: 'object' },
    $defs: { type: 'object' },
    rules: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'schema'],
        additionalProperties: false,
        properties: {
          type: { enum: ['identify', 'track', 'page', 'screen', 'group', 'alias'] },
          event: { type: 'string', minLength: 1 },
          name: { type: 'string', minLength: 1 },
          mode: { enum: CONTRACT_MODES },
          schema: { type: ['object', 'boolean'] },
        },
      },
    },
  },
}

/** Fields of the file around its schemas, which `#/definitions/…` makes part of one. */
const NO_KEYWORDS = ['mode', 'unplanned', 'rules']

/** So many unknown formats of one schema are named; each costs another try at compiling it. */
const UNKNOWN_FORMATS_MAX = 20

/**
 * Reads a contract and compiles its schemas, each once. Instead, if anything is wrong with it, all of that: a sentence
 * each, which names the field.
 */
export async function readContract(file: string): Promise<{ contract: Contract } | { mistakes: string[] }> {
  const { mistakes, contract } = await compile(file)
  return contract && mistakes.length === 0
    ? { contract }
    : { mistakes: mistakes.map((mistake) => `${file}: ${mistake}`) }
}

async function compile(path: string): Promise<{ mistakes: string[]; contract?: Contract }> {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return { mistakes: [`it cannot be read as JSON: ${(error as Error).message}.`] }
  }
  const { createAjv, metaErrors } = await loadAjv(json)
  const shape = await createAjv({ allErrors: true, allowUnionTypes: true, verbose: true })
  const fits = shape.validate(SHAPE, json)
  if (!fits) return { mistakes: shape.errors!.map((error) => sentenceOf(error, 'the contract')) }

  const file = json as ContractFile
  const notices = new Set<string>()
  const notice = (...said: unknown[]) => notices.add(said.join(' ').replace('strict mode: ', ''))
  const ajv = await createAjv({
    // Collected, where `true` would throw at the first.
    strictSchema: 'log',
    strictTypes: false,
    strictTuples: false,
    verbose: true,
    logger: { log: notice, warn: notice, error: notice },
  })
  ajv.addVocabulary(NO_KEYWORDS)
  // As a whole, so that `#/definitions/…` of any schema means those of the file.
  ajv.addSchema(file, 'contract', undefined, false)

  const mistakes = findMisplaced(file)
  const rules = file.rules.map((rule, at): ContractRule | undefined => {
    const field = `rules[${at}].schema`
    notices.clear()
    const errors = metaErrors(rule.schema)
    if (errors.length > 0) {
      const placed = errors.map((error) => ({ ...error, instancePath: `/rules/${at}/schema${error.instancePath}` }))
      mistakes.push(...placed.map((error) => sentenceOf(error, field)))
      return undefined
    }
    try {
      const validate = compileSchema(ajv, `contract#/rules/${at}/schema`, notice)
      if ('$async' in validate) notice('`$async` is not taken')
      return { type: rule.type, name: rule.event ?? rule.name, mode: rule.mode ?? file.mode, validate }
    } catch (error) {
      notice((error as Error).message)
      return undefined
    } finally {
      mistakes.push(...[...notices].map((said) => `\`${field}\`: ${said}.`))
    }
  })
  const unplanned = file.unplanned === 'allow' ? undefined : file.unplanned
  return {
    mistakes,
    contract: createContract(
      rules.filter((rule) => rule !== undefined),
      unplanned,
    ),
  }
}

/** A name where the type has none, or that of another type; two rules for the same. */
function findMisplaced({ rules }: ContractFile): string[] {
  const first = new Map<string, number>()
  return rules.flatMap(({ type, event, name }, at) => {
    const mistakes: string[] = []
    for (const [field, value] of Object.entries({ event, name })) {
      if (value !== undefined && NAME_FIELDS[type] !== field) {
        const types = Object.keys(NAME_FIELDS).filter((named) => NAME_FIELDS[named] === field)
        mistakes.push(`\`rules[${at}].${field}\` is of rules for ${types.join(' and ')}; this one is for ${type}.`)
      }
    }
    const key = JSON.stringify([type, event ?? name])
    const earlier = first.get(key)
    if (earlier !== undefined) mistakes.push(`\`rules[${at}]\` is for the same events as \`rules[${earlier}]\`.`)
    else first.set(key, at)
    return mistakes
  })
}

/** Throws at what makes no schema; formats that nobody knows are noticed, all of them. */
function compileSchema(ajv: Ajv, ref: string, notice: (said: string) => void) {
  for (let unknown = 0; ; unknown += 1) {
    try {
      return ajv.compile({ $ref: ref })
    } catch (error) {
      const format = /^unknown format "(.+?)" ignored/.exec((error as Error).message)?.[1]
      if (format === undefined || unknown === UNKNOWN_FORMATS_MAX) throw error
      notice(`unknown format "${format}"`)
      ajv.addFormat(format, true)
    }
  }
}

/** ajv for the draft of JSON Schema that the file says, or its first schema that says one; draft-07 if none does. Loaded only where there is a contract. */
async function loadAjv(json: unknown) {
  const draft = /"\$schema"\s*:\s*"https?:\/\/json-schema\.org\/draft\/(2019-09|2020-12)\//.exec(
    JSON.stringify(json),
  )?.[1]
  const { default: formats } = await import('ajv-formats')
  const createAjv = async (options: Options): Promise<Ajv> => {
    const ajv =
      draft === '2020-12'
        ? new (await import('ajv/dist/2020.js')).Ajv2020(options)
        : draft === '2019-09'
          ? new (await import('ajv/dist/2019.js')).Ajv2019(options)
          : new (await import('ajv')).Ajv(options)
    formats.default(ajv)
    return ajv as Ajv
  }
  const meta = await createAjv({ allErrors: true, strict: false, verbose: true, logger: false })

  /** What makes a schema none, the first of each place: the others are of the branches that it did not take. */
  function metaErrors(schema: object | boolean): ErrorObject[] {
    if (meta.validateSchema(schema)) return []
    const seen = new Set<string>()
    return meta.errors!.filter(({ instancePath }) => !seen.has(instancePath) && seen.add(instancePath))
  }
  return { createAjv, metaErrors }
}
