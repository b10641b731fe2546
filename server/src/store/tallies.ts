/**
 * What a commit adds up, by name and then in a list of what shares it, mostly one: a key made of several texts would be a
 * new text to make and to hash for each event. The one that is wanted, or a new one.
 */
export function tallyOf<Tally>(
  tallies: Map<string, Tally[]>,
  name: string,
  isWanted: (tally: Tally) => boolean,
  make: () => Tally,
): Tally {
  const known = tallies.get(name)
  const found = known?.find(isWanted)
  if (found) return found
  const made = make()
  if (known) known.push(made)
  else tallies.set(name, [made])
  return made
}
