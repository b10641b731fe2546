import type { FastifyRequest } from 'fastify'
import { isWhat, refused } from './errors.ts'
import type { Paging } from './store/queries-port.ts'

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1000

/** The parameters of `pagingOf`. */
export const PAGING = ['after', 'limit', 'order']

/** A place in a listing, as its reader sees it: digits that fit a double. */
const CURSOR = /^\d{1,15}$/

/** `next` is there while there is more; `cursor` is where a reader that polls goes on, also at the end. */
export function placeOf(last: number | undefined, more: boolean, { after }: Paging) {
  const place = last ?? after
  const cursor = place === undefined ? null : String(place)
  return { next: more ? cursor : null, cursor }
}

/** What a URL says: known names, each once, blank ones left out. */
export type Parameters = ReadonlyMap<string, string>

/** Throws `invalid_parameter` for a name that is not among the known ones. */
export function parametersOf(request: FastifyRequest, known: readonly string[]): Parameters {
  const parameters = new Map<string, string>()
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    if (!known.includes(name)) {
      const there = known.length === 0 ? 'there are no parameters' : `${known.join(', ')} are`
      throw refused('invalid_parameter', name, `is not known here: ${there}`)
    }
    if (typeof value !== 'string') throw refused('invalid_parameter', name, 'must be there once')
    // `?userId=` says nothing, like an empty field of a form.
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

/** Throws `invalid_parameter`. */
export function pagingOf(parameters: Parameters): Paging {
  const after = parameters.get('after')
  if (after !== undefined && !CURSOR.test(after)) throw badCursor(after)
  return { after: after === undefined ? undefined : Number(after), ...sizeOf(parameters) }
}

export const badCursor = (after: string) =>
  refused('invalid_parameter', 'after', `must be a \`next\` or \`cursor\` of an earlier answer; it ${isWhat(after)}`)

/** How much, and in which order; of listings that have cursors of their own. */
export function sizeOf(parameters: Parameters): Pick<Paging, 'limit' | 'order'> {
  const limit = Number(parameters.get('limit') ?? LIMIT_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw refused(
      'invalid_parameter',
      'limit',
      `must be a number from 1 to ${LIMIT_MAX}; it ${isWhat(parameters.get('limit'))}`,
    )
  }
  const order = parameters.get('order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') {
    throw refused('invalid_parameter', 'order', `must be \`asc\` or \`desc\`; it ${isWhat(order)}`)
  }
  return { limit, order }
}
