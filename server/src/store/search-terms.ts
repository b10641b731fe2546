import { businessDomain } from '../domains.ts'
import type { Database } from '../sqlite.ts'
import { KIND, type Move } from './ownership.ts'
import { mergeTraits, type TraitRow } from './traits.ts'

/** Traits by which people are searched for, and put into an account. */
const NAMES = ['name', 'firstName', 'first_name', 'lastName', 'last_name', 'username']
export const PERSON_KEYS = new Set(['email', ...NAMES])

const WORD = /[\p{L}\p{N}]+/gu
const WORDS_MAX = 40

/** Brings up to date what is kept of people and accounts only so that they are found. */
export function createSearchTerms(database: Database) {
  const rootOf = database.prepare('SELECT root FROM subjects WHERE id = ?')
  const find = database.prepare('SELECT workspace, root FROM subjects WHERE id = ?')
  const traitsOf = database.prepare(`
    SELECT t.level, t.key, t.value, t.late, t.at, t.message_id FROM subjects s JOIN traits t ON t.subject = s.id
    WHERE s.root = ? AND t.key IN (${[...PERSON_KEYS].map((key) => `'${key}'`).join(', ')})`)
  const emailsOf = database.prepare(`SELECT key FROM subjects WHERE root = ? AND kind = ${KIND.email} ORDER BY key`)
  const groupedOf = database.prepare(
    'SELECT 1 FROM subjects s JOIN memberships m ON m.subject = s.id WHERE s.root = ? LIMIT 1',
  )
  // A device that only browsed adds nothing, and a user may have thousands of those.
  const saysOf = database.prepare(`
    SELECT 1 FROM subjects s WHERE s.id = ? AND (s.kind = ${KIND.email}
      OR EXISTS (SELECT 1 FROM traits t WHERE t.subject = s.id) OR EXISTS (SELECT 1 FROM memberships m WHERE m.subject = s.id))`)
  const keep = database.prepare('UPDATE subjects SET domain = ?, grouped = ? WHERE id = ?')
  const clearWords = database.prepare('DELETE FROM person_words WHERE root = ?')
  const addWord = database.prepare('INSERT INTO person_words VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const findAccount = database.prepare('SELECT key FROM accounts WHERE id = ?')
  const accountName = database.prepare(`SELECT value FROM account_traits WHERE account = ? AND key = 'name'`)
  const clearAccountWords = database.prepare('DELETE FROM account_words WHERE account = ?')
  const addAccountWord = database.prepare('INSERT INTO account_words VALUES (?, ?, ?) ON CONFLICT DO NOTHING')

  function person(id: number): void {
    const found = find.get(id) as { workspace: number; root: number } | undefined
    if (!found) return
    clearWords.run(id)
    if (found.root !== id) {
      keep.run(null, 0, id)
      return
    }
    const traits = mergeTraits(traitsOf.all(id) as unknown as TraitRow[])
    const emails = emailsOf.all(id).map(({ key }) => key as string)
    const email = typeof traits.email === 'string' ? traits.email : emails[0]
    keep.run(email === undefined ? null : businessDomain(email), groupedOf.get(id) === undefined ? 0 : 1, id)
    for (const word of wordsOf([...NAMES.map((name) => traits[name]), traits.email, ...emails])) {
      addWord.run(found.workspace, word, id)
    }
  }

  return {
    /** Those whose own facts changed, and those that gained or lost an id that says something. */
    people(changed: Iterable<number>, moved: readonly Move[]): void {
      const all = new Set<number>()
      for (const { id, from, to } of moved) if (saysOf.get(id) !== undefined) all.add(from).add(to)
      for (const id of changed) {
        const root = rootOf.get(id)?.root as number | undefined
        if (root !== undefined) all.add(root)
      }
      for (const root of all) person(root)
    },

    account(workspace: number, id: number): void {
      const name = accountName.get(id)?.value as string | undefined
      clearAccountWords.run(id)
      const words = [findAccount.get(id)!.key, name === undefined ? undefined : JSON.parse(name)]
      for (const word of wordsOf(words)) addAccountWord.run(workspace, word, id)
    },
  }
}

/** Each text as a whole and each word of it, in lower case. */
function wordsOf(texts: readonly unknown[]): Set<string> {
  const words = new Set<string>()
  for (const text of texts) {
    if (typeof text !== 'string' || text === '') continue
    const lower = text.toLowerCase()
    words.add(lower.slice(0, 100))
    for (const [word] of lower.matchAll(WORD)) if (words.size < WORDS_MAX) words.add(word)
  }
  return words
}
