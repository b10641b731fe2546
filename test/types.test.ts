import { expect, test } from 'vitest'
import {
  type Airhop,
  type AirhopOptions,
  createAirhop,
  type Json,
  type Options,
  type Result,
  type Stats,
} from '../src/index.ts'

// `tsc -p test` is the test: every line below an expectation must fail to compile, and every other one must compile.

const taken = async (airhop: Airhop): Promise<Result[]> => {
  const when: Options = { timestamp: new Date(), messageId: 'm', context: { page: { title: 'T' }, mine: 1 } }
  airhop.ready(() => {})
  airhop.push(['track', 'x'], ['reset'])
  airhop.debug()
  airhop.reset()
  airhop.setAnonymousId('mine')
  const left: number = await airhop.flush({ timeoutMs: 5 })
  const off: () => void = airhop.on('rejected', ({ messageId, reason }) => [messageId, reason, left])
  off()
  const id: string | null = airhop.user().id()
  const { dropped }: Stats = airhop.stats()
  const count: number | undefined = dropped.unserializable
  return Promise.all([
    airhop.identify(0, { count }),
    airhop.identify('u1', { plan: null }, { signature: 'aa' }, ({ status }) => status === 'saved'),
    airhop.identify({ id }),
    airhop.identify(null),
    airhop.track('x'),
    airhop.track('x', null, when),
    airhop.page(),
    airhop.page('Home', { a: 1 }),
    airhop.page('Docs', 'Install', { a: 1 }, when),
    airhop.page({ a: 1 }),
    airhop.group(1, { seats: 3 }),
  ])
}

const refused = (airhop: Airhop, options: AirhopOptions) => {
  // @ts-expect-error: a name is needed
  airhop.track()
  // @ts-expect-error: a name is text
  airhop.track({ name: 'x' })
  // @ts-expect-error: properties are an object
  airhop.track('x', 'y')
  // @ts-expect-error: there is no such fate
  airhop.on('nope', () => {})
  // @ts-expect-error: a group needs an id
  airhop.group()
  // @ts-expect-error: an id is text or a number
  airhop.identify(true)
  // @ts-expect-error: the time-out is a field
  airhop.flush(100)
  // @ts-expect-error: there is no such option
  airhop.track('x', {}, { messageID: 'm' })
  // @ts-expect-error: there is no alias, identify merges
  airhop.alias('u1')
  // @ts-expect-error: nothing of it can be replaced
  airhop.VERSION = '2'
  // @ts-expect-error: a key is needed
  createAirhop({})
  // @ts-expect-error: ms are a number
  options.flushMs = '20'
}

interface Project {
  projectId: string
  template?: 'blank' | 'copy'
}

interface Plan {
  project_created: Project
  signed_out: Record<string, never>
  invoice_paid: { by: 'card'; last4: string } | { by: 'transfer'; iban: string }
  board_saved: { size: { columns: number; rows?: number }; cards: { title: string }[]; settings?: Json }
}

const taken_by_the_plan = (project: Project) => {
  const airhop = createAirhop<Plan>({ key: 'wk_1' })
  airhop.track('project_created', { projectId: 'p_1', template: 'blank' })
  airhop.track('project_created', project, { messageId: 'm' }, ({ status }) => status === 'stored')
  airhop.track('signed_out')
  airhop.track('signed_out', {})
  airhop.track('signed_out', null, { timestamp: 0 })
  airhop.track('invoice_paid', { by: 'card', last4: '4242' })
  airhop.track('board_saved', { size: { columns: 1 }, cards: [{ title: 'x' }], settings: { deep: [1, { er: null }] } })
  airhop.identify('u1', { plan: 'pro', seats: [1], left_out: undefined })
  airhop.page('Docs', { section: 'a' })
  const id: string | null = airhop.user().id()
  // It is one where any is wanted: by a provider, an extension, a function of the page.
  const any: Airhop = airhop
  return [id, any]
}

const refused_by_the_plan = (airhop: Airhop<Plan>, name: string) => {
  // @ts-expect-error: not in the plan
  airhop.track('project_deleted')
  // @ts-expect-error: any text may be none of the plan
  airhop.track(name)
  // @ts-expect-error: its properties are missing
  airhop.track('project_created')
  // @ts-expect-error: and may not be null
  airhop.track('project_created', null)
  // @ts-expect-error: one of them is missing
  airhop.track('project_created', { template: 'blank' })
  // @ts-expect-error: a number is no text
  airhop.track('project_created', { projectId: 1 })
  // @ts-expect-error: not one of the values
  airhop.track('project_created', { projectId: 'p_1', template: 'empty' })
  // @ts-expect-error: one more
  airhop.track('project_created', { projectId: 'p_1', email: 'a@example.com' })
  const more = { projectId: 'p_1', email: 'a@example.com' }
  // @ts-expect-error: one more, which TypeScript lets a variable have
  airhop.track('project_created', more)
  // @ts-expect-error: it has none
  airhop.track('signed_out', { at: 1 })
  // @ts-expect-error: of the other kind
  airhop.track('invoice_paid', { by: 'card', iban: 'x' })
  // @ts-expect-error: of both kinds
  airhop.track('invoice_paid', { by: 'card', last4: '4242', iban: 'x' })
  // @ts-expect-error: one more further in
  airhop.track('board_saved', { size: { columns: 1, depth: 1 }, cards: [] })
  // @ts-expect-error: one more in a list
  airhop.track('board_saved', { size: { columns: 1 }, cards: [{ title: 'x', color: 'red' }] })
  // @ts-expect-error: a Date is not JSON
  airhop.track('board_saved', { size: { columns: 1 }, cards: [], settings: { at: new Date() } })
  // @ts-expect-error: nor in traits
  airhop.identify('u1', { since: new Date() })
  // @ts-expect-error: nor a function
  airhop.group('g1', { seats: () => 3 })
  // @ts-expect-error: nor a bigint
  airhop.page('Docs', { size: 1n })
}

const no_plans = () => {
  // @ts-expect-error: a Date is not JSON
  createAirhop<{ x: { at: Date } }>({ key: 'wk_1' })
  // @ts-expect-error: nor a function
  createAirhop<{ x: { then: () => void } }>({ key: 'wk_1' })
  // @ts-expect-error: nor a bigint, at any depth
  createAirhop<{ x: { list: { size: bigint }[] } }>({ key: 'wk_1' })
  // @ts-expect-error: nor a Map
  createAirhop<{ x: { map: Map<string, string> } }>({ key: 'wk_1' })
  // @ts-expect-error: nor what may be anything; Json is what may be any JSON
  createAirhop<{ x: { any: unknown } }>({ key: 'wk_1' })
  // @ts-expect-error: properties are an object
  createAirhop<{ x: string }>({ key: 'wk_1' })
}

/** A callback may end the arguments anywhere, with a plan and without one. */
const called_back = (airhop: Airhop, planned: Airhop<Plan>) => {
  const callback = (result: Result) => result.reason
  for (const each of [airhop, planned] as const) {
    each.identify('u1', ({ status }) => status)
    each.identify('u1', { plan: 'pro' }, callback)
    each.identify({ plan: 'pro' }, callback)
    each.group('acme', callback)
    each.group('acme', null, ({ status }) => status)
    each.page(callback)
    each.page('Home', ({ status }) => status)
    each.page('Docs', 'Install', callback)
    each.page({ a: 1 }, ({ status }) => status)
  }
  airhop.track('x', ({ status }) => status)
  airhop.track('x', { a: 1 }, ({ status }) => status)
  planned.track('signed_out', ({ status }) => status)
  planned.track('signed_out', {}, callback)
  planned.track('project_created', { projectId: 'p_1' }, ({ status }) => status)
  // @ts-expect-error: not in place of properties that have to be there
  planned.track('project_created', callback)
  // @ts-expect-error: it is given a result
  planned.track('signed_out', (text: string) => text)
}

const open_without_a_plan = (airhop: Airhop, name: string, project: Project) => {
  airhop.track(name, project)
  airhop.track('x', { at: new Date(), when: () => 1, any: undefined })
  airhop.identify('u1', project)
}

test('the types hold', () => {
  const held = [taken, refused, taken_by_the_plan, refused_by_the_plan, no_plans, called_back, open_without_a_plan]
  for (const each of held) expect(each).toBeTypeOf('function')
})
