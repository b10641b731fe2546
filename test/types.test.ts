import { expect, test } from 'vitest'
import { type Airhop, type AirhopOptions, createAirhop, type Options, type Result, type Stats } from '../src/index.ts'

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

test('the types hold', () => {
  expect([taken, refused]).toHaveLength(2)
})
