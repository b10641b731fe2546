/** One time that somebody did one of the events of a funnel. */
export interface Occurrence {
  at: number
  person: number
  /** The first of the steps that have this event's name. */
  step: number
}

/**
 * How many people did each step after the ones before it, all of them at most `withinMs` after the first. What happened
 * comes in the order of time; of what happened at once, earlier steps first. A person counts by its best attempt: it is
 * enough to know, for each step, the latest start from which it was reached.
 */
export function countSteps(
  occurrences: Iterable<Occurrence>,
  { steps, withinMs }: { steps: readonly string[]; withinMs: number },
): number[] {
  /** Of each person who began, the place of its `steps.length` starts. */
  const places = new Map<number, number>()
  const starts: number[] = []
  // The same event may be several steps; one occurrence of it is one of them, so the last one is looked at first.
  const stepsOf = steps.map((name) => steps.flatMap((other, at) => (other === name ? [at] : [])).reverse())

  for (const { at, person, step } of occurrences) {
    let place = places.get(person)
    if (place === undefined) {
      if (step !== 0) continue
      place = starts.length
      places.set(person, place)
      for (const _ of steps) starts.push(NEVER)
    }
    for (const each of stepsOf[step]!) {
      const from = each === 0 ? at : starts[place + each - 1]!
      if (at - from <= withinMs && from > starts[place + each]!) starts[place + each] = from
    }
  }

  // Who reached a step has been at those before it.
  return steps.map((_, step) => {
    let people = 0
    for (let place = step; place < starts.length; place += steps.length) if (starts[place] !== NEVER) people += 1
    return people
  })
}

const NEVER = Number.NEGATIVE_INFINITY
