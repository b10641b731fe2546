/** Chance that can be had again: the seed is printed, and taken from SEED. Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function seeded() {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
  console.log(`SEED=${seed}`)
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    random,
    below: (limit: number) => Math.floor(random() * limit),
    pick: <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!,
  }
}
