import { signal } from '@preact/signals'

/** Where the reader is: `#/live?type=track`. In the fragment, so that it is the reader's own and works below any path. */
export interface Route {
  view: string
  query: URLSearchParams
}

const read = (): Route => {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  return { view: path, query: new URLSearchParams(query) }
}

export const route = signal<Route>(read())
addEventListener('hashchange', () => {
  route.value = read()
})

export function linkTo(view: string, query: Record<string, string | undefined> = {}): string {
  const said = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return `#/${view}${said.length > 0 ? `?${new URLSearchParams(said)}` : ''}`
}

/** Changes parameters of the view; an empty one goes. Typing leaves no trail in the history. */
export function say(changes: Record<string, string | undefined>, { replace = true } = {}): void {
  const { view, query } = route.value
  const next = linkTo(view, { ...Object.fromEntries(query), ...changes })
  if (next === location.hash) return
  if (!replace) {
    location.hash = next
    return
  }
  history.replaceState(null, '', next)
  route.value = read()
}

export function go(view: string, query: Record<string, string | undefined> = {}): void {
  location.hash = linkTo(view, query)
}

/** The token of an address that the server has printed; it leaves the address, and the history, at once. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return null
  history.replaceState(null, '', location.pathname + location.search)
  route.value = read()
  return token
}
