import type { ErrorObject } from 'ajv'
import { isWhat } from './errors.ts'

/** `/rules/0/event` → `rules[0].event`; empty for the whole. */
export const fieldOf = (instancePath: string): string =>
  instancePath
    .slice(1)
    .replaceAll(/(^|\/)(\d+)(?=\/|$)/g, '[$2]')
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')

/** What ajv found, as a sentence that names the field; `whole` is the name of what has no field. Says no value: it may be a secret. */
export function sentenceOf(
  { instancePath, keyword, params, message, parentSchema }: ErrorObject,
  whole: string,
): string {
  const field = fieldOf(instancePath) || whole
  if (keyword === 'additionalProperties') return `\`${field}\` has an unknown field \`${params.additionalProperty}\`.`
  if (keyword === 'required') return `\`${field}\` lacks \`${params.missingProperty}\`.`
  if (keyword === 'enum') return `\`${field}\` must be one of ${params.allowedValues.join(', ')}.`
  const description = keyword === 'pattern' ? parentSchema?.description : undefined
  return `\`${field}\` ${description ?? message}.`
}

/** The same of an event, with the value that it has. Without a full stop. */
export function breachOf(error: ErrorObject): string {
  const { instancePath, keyword, params, message, data } = error
  const field = fieldOf(instancePath)
  const within = field === '' ? '' : `${field}.`
  if (keyword === 'required' || keyword === 'dependentRequired')
    return `\`${within}${params.missingProperty}\` is required`
  const unknown = params.additionalProperty ?? params.unevaluatedProperty
  if (unknown !== undefined) return `\`${within}${unknown}\` is not allowed`
  const must =
    keyword === 'enum'
      ? `must be one of ${params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(', ')}`
      : message
  return `\`${field || 'the event'}\` ${must}; it ${isWhat(data)}`
}
