import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Fields } from './check.ts'
import { breachOf } from './schema-sentence.ts'

/** What becomes of an event that is not as its contract says; the gravest last. */
export const CONTRACT_MODES = ['warn', 'quarantine', 'reject'] as const
export type ContractMode = (typeof CONTRACT_MODES)[number]

/** What an event has that its contract does not allow, and what becomes of it. */
export interface Breach {
  mode: ContractMode
  /** Names the field, what it must be and what it is; at most 300 characters, no full stop. */
  reason: string
}

/** What the events of a workspace must look like. */
export interface Contract {
  /** Whether it says anything of calls of this type; of a `track` also by its name. */
  concerns(type: string, event: unknown): boolean
  /** The gravest breach of an event in its canonical form, its fields that are null left out; undefined if it is good. */
  check(event: object): Breach | undefined
}

export interface ContractRule {
  type: string
  /** Undefined: of whatever name. */
  name: string | undefined
  mode: ContractMode
  validate: ValidateFunction
}

/** A reason is stored beside its event, so a schema's longest enumeration is cut. */
const REASON_MAX_CHARS = 300

/** A contract of compiled rules; `unplanned` is what becomes of a `track` whose name no rule says. */
export function createContract(rules: readonly ContractRule[], unplanned: ContractMode | undefined): Contract {
  const types = new Set(rules.map(({ type }) => type))
  const ofType = new Map<string, ContractRule[]>()
  const ofName = new Map<string, ContractRule[]>()
  for (const rule of rules) {
    const [index, key] = rule.name === undefined ? [ofType, rule.type] : [ofName, named(rule.type, rule.name)]
    index.set(key, [...(index.get(key) ?? []), rule])
  }
  const isUnplanned = (type: string, name: unknown) =>
    unplanned !== undefined && type === 'track' && !ofName.has(named(type, name))

  return {
    concerns: (type, event) =>
      type === 'track'
        ? ofType.has(type) || ofName.has(named(type, event)) || isUnplanned(type, event)
        : types.has(type),

    check(event) {
      const fields = withoutNulls(event)
      const type = fields.type as string
      const name = fields.event ?? fields.name
      let gravest: Breach | undefined
      const note = (breach: Breach) => {
        if (!gravest || CONTRACT_MODES.indexOf(breach.mode) > CONTRACT_MODES.indexOf(gravest.mode)) gravest = breach
      }
      for (const index of [ofType.get(type), ofName.get(named(type, name))]) {
        for (const { mode, validate } of index ?? []) {
          const reason = reasonAgainst(validate, fields)
          if (reason !== undefined) note({ mode, reason })
        }
      }
      if (isUnplanned(type, name)) note({ mode: unplanned!, reason: cut(`it does not name the event "${name}"`) })
      return gravest
    },
  }
}

const named = (type: string, name: unknown) => `${type}\n${name}`

const withoutNulls = (event: object): Fields =>
  Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null))

function reasonAgainst(validate: ValidateFunction, event: Fields): string | undefined {
  try {
    return validate(event) ? undefined : cut(breachOf(tellingOf(validate.errors!)))
  } catch (error) {
    // A recursive schema that overflows the stack, say. It may cost no other event of the request.
    return cut(`it could not be checked: ${(error as Error).message}`)
  }
}

/** The first; but of branches of which none fits, that none does: the first is of one that may not have been meant. */
const tellingOf = (errors: ErrorObject[]): ErrorObject =>
  errors.findLast(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf') ?? errors[0]!

const cut = (reason: string) =>
  reason.length > REASON_MAX_CHARS ? `${reason.slice(0, REASON_MAX_CHARS - 1)}…` : reason
