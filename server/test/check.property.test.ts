import { Ajv, type AnySchema } from 'ajv'
import { expect, test } from 'vitest'
import type { EventType } from '../../src/wire.ts'
import { checkCall } from '../src/check.ts'
import { seeded } from './seeded.ts'

/** The rules of wire.md §1 once more, in JSON Schema: it knows nothing of the code that it judges. */
const absent = { anyOf: [{ type: 'null' }, { type: 'string', pattern: '^\\s*$' }] }
const present = { anyOf: [{ type: 'number' }, { type: 'string', maxLength: 512, pattern: '\\S' }] }
const id = { anyOf: [absent, present] }
const bag = { anyOf: [{ type: 'object' }, { type: 'null' }] }
const text = { type: 'string', pattern: '\\S' }
const has = (field: string) => ({ required: [field], properties: { [field]: present } })

const someone = { anyOf: [has('userId'), has('anonymousId')] }
const rules: Record<EventType, AnySchema> = {
  identify: { allOf: [someone], properties: { traits: bag, groupId: id } },
  track: { allOf: [someone], required: ['event'], properties: { event: text, properties: bag, groupId: id } },
  page: { allOf: [someone], properties: { properties: bag, groupId: id } },
  screen: { allOf: [someone], properties: { properties: bag, groupId: id } },
  group: { allOf: [someone, has('groupId')], properties: { traits: bag } },
  alias: { allOf: [has('userId'), has('previousId')], properties: { groupId: id } },
}
const common = {
  type: 'object',
  properties: {
    userId: id,
    anonymousId: id,
    context: bag,
    messageId: { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 255 }] },
  },
}
const ajv = new Ajv({ strict: false })
const isGood = ajv.compile({
  ...common,
  required: ['type'],
  oneOf: Object.entries(rules).map(([type, rule]) => ({
    allOf: [{ properties: { type: { const: type } } }, rule],
  })),
})

test('the check by hand agrees with an independent schema on 50,000 random calls', () => {
  const { random, pick } = seeded()
  const types = [...Object.keys(rules), 'Track', '', ' ', null, 7, {}]
  const ids = [
    'u',
    'ü',
    7,
    0,
    -0.5,
    null,
    '',
    ' \t',
    true,
    {},
    ['u'],
    'x'.repeat(512),
    'x'.repeat(513),
    ' '.repeat(600),
  ]
  const bags = [{}, { a: 1 }, null, [], 'bag', 0, false]
  const names = ['e', '', ' ', null, 7, {}, 'x'.repeat(1000)]
  const messageIds = ['m', '', ' ', null, 7, {}, 'x'.repeat(255), 'x'.repeat(256)]
  const calls = [{}, [], null, 'call', 7, true]

  const outcomes = { good: 0, bad: 0 }
  for (let round = 0; round < 50_000; round += 1) {
    const call: Record<string, unknown> = { type: random() < 0.9 ? pick(types.slice(0, 6)) : pick(types) }
    // Ordinary values mostly, or hardly any call were good.
    const set = (field: string, values: readonly unknown[]) => {
      if (random() < 0.7) call[field] = random() < 0.8 ? values[0] : pick(values)
    }
    for (const field of ['userId', 'anonymousId', 'groupId', 'previousId']) set(field, ids)
    for (const field of ['properties', 'traits', 'context']) set(field, bags)
    set('event', names)
    set('messageId', messageIds)
    const raw = random() < 0.01 ? pick(calls) : call

    const good = isGood(raw)
    outcomes[good ? 'good' : 'bad'] += 1
    const refusal = checkCall({ raw, envelope: {}, doorType: undefined })
    expect(refusal === undefined, `${JSON.stringify(raw)}: ${refusal?.message}`).toBe(good)
  }
  expect(Math.min(outcomes.good, outcomes.bad)).toBeGreaterThan(5000)
})
