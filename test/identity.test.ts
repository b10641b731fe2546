import { expect, test } from 'vitest'
import { toId } from '../src/identity.ts'

test.each([
  ['u1', 'u1'],
  [0, '0'],
  [-7, '-7'],
  [1.5, '1.5'],
  ['0', '0'],
  ['false', 'false'],
  ['nullable', 'nullable'],
  ['a null', 'a null'],
])('%j stands for the id %j', (value, id) => {
  expect(toId(value)).toBe(id)
})

test.each([
  [''],
  [' \t\n'],
  ['null'],
  ['undefined'],
  ['NaN'],
  ['[object Object]'],
  [' null '],
  [Number.NaN],
  [null],
  [undefined],
  [true],
  [{}],
  [['u1']],
])('%j stands for no id', (value) => {
  expect(toId(value)).toBeUndefined()
})
