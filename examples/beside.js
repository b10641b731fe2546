// The demo's own: what the server stores, beside the page that sends it. `npm start` adds it to the page; no user needs it.

const KEY = 'beside'

const { events } = document.currentScript.dataset
const root = document.documentElement

const panel = document.createElement('aside')
panel.className = 'beside'
panel.setAttribute('aria-label', 'Events as they arrive')

const toggle = document.createElement('button')
toggle.type = 'button'
toggle.className = 'beside-toggle'
toggle.dataset.testid = 'beside-toggle'
toggle.addEventListener('click', () => show(root.dataset.beside === 'closed'))

const frame = document.createElement('iframe')
frame.title = 'Events as they arrive'
frame.dataset.testid = 'beside-frame'
frame.src = events

panel.append(toggle, frame)
document.body.append(panel)
show(kept() !== 'closed')

function show(open) {
  root.dataset.beside = open ? 'open' : 'closed'
  toggle.textContent = open ? 'Hide events' : 'Show events'
  toggle.setAttribute('aria-expanded', String(open))
  keep(root.dataset.beside)
}

function kept() {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null // storage is forbidden: it begins open
  }
}

function keep(state) {
  try {
    localStorage.setItem(KEY, state)
  } catch {
    // storage is forbidden: it holds for this page
  }
}
