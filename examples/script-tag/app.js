// Waypost, the product that this page sells: its own state, its own two screens, and what it tells airhop.
// `window.airhop` is the stub until airhop.js has loaded; calls made before wait in it, in their order.
// The `?.` is for a page saved without the stub: the product works the same where airhop is not.

const STATE_KEY = 'waypost'
const SUGGESTIONS = ['Website relaunch', 'Billing migration', 'Mobile onboarding', 'Customer interviews']
const PRICES = { free: 0, pro: 12 }

let state = load()

if (document.body.id === 'pricing') window.airhop?.page('marketing', 'Pricing')
else window.airhop?.page()

on('signup', 'submit', (form) => {
  const name = form.get('name').trim()
  const email = form.get('email').trim()
  // A real product gets both ids from its server, where they are the keys of its database.
  const user = { id: `usr_${shortHash(email.toLowerCase())}`, name, email }

  window.airhop?.identify(user.id, { name, email, plan: 'free' })
  window.airhop?.track('signed_up', { method: 'form', plan: 'free' })

  save({ ...state, user })
  byId('greeting').focus()
})

on('new-project', 'submit', (form) => {
  const name = form.get('project').trim() || suggestion()
  const projects = [...state.projects, { id: `prj_${randomId()}`, name }]

  window.airhop?.track('project_created', { projectId: projects.at(-1).id, name, projects: projects.length })

  save({ ...state, projects })
  byId('project-name').value = ''
})

on('upgrade', 'click', () => {
  const company = state.user.email.split('@')[1]

  window.airhop?.group(`acc_${shortHash(company)}`, { name: company, plan: 'pro' })
  window.airhop?.track('plan_upgraded', { from: 'free', to: 'pro', price: PRICES.pro, currency: 'USD' })

  save({ ...state, plan: 'pro' })
})

on('logout', 'click', () => {
  window.airhop?.reset()

  save(signedOut())
})

for (const button of document.querySelectorAll('button[data-plan]')) {
  button.addEventListener('click', () => {
    const { plan } = button.dataset

    window.airhop?.track('plan_chosen', { plan, price: PRICES[plan] })

    save({ ...state, chosen: plan })
  })
}

// Another tab, or another page before the back button, may have changed the state.
for (const type of ['storage', 'pageshow']) {
  addEventListener(type, () => {
    state = load()
    render()
  })
}

render()

// ---- The screens ----

function render() {
  const { user, projects, plan, chosen } = state
  for (const part of document.querySelectorAll('[data-show]')) {
    part.hidden = (part.dataset.show === 'member') !== Boolean(user)
  }
  if (user) text('who', user.email)

  if (document.body.id === 'pricing') {
    const next = user ? 'Go back to your projects to continue.' : 'Go back home and sign up to continue.'
    text('chosen', chosen ? `${titleCase(chosen)} it is. ${next}` : '')
    return
  }

  if (chosen === 'pro') text('signup-hint', 'Pro is waiting: sign up first, then upgrade in one click.')
  if (!user) return
  text('greeting', `Hello, ${user.name.split(' ')[0]}`)
  text('summary', projects.length ? `${count(projects.length)} on your page this week.` : 'Your page is still empty.')
  text('plan', titleCase(plan))
  text('plan-hint', plan === 'pro' ? 'History and guests are on.' : 'Pro adds history and guests, for $12 a month.')
  byId('upgrade').hidden = plan === 'pro'
  byId('project-name').placeholder = suggestion()
  byId('projects').replaceChildren(...projects.map(projectRow))
}

function projectRow({ name }) {
  const row = document.createElement('li')
  for (const [className, words] of Object.entries({ title: name, owner: state.user.name, state: 'Planned' })) {
    const cell = document.createElement('span')
    cell.className = className
    cell.textContent = words
    row.append(cell)
  }
  return row
}

// ---- Small things ----

function signedOut() {
  return { user: null, projects: [], plan: 'free', chosen: null }
}

function load() {
  try {
    return { ...signedOut(), ...JSON.parse(localStorage.getItem(STATE_KEY)) }
  } catch {
    return signedOut() // storage is forbidden, or holds something else: begin anew
  }
}

function save(next) {
  state = next
  try {
    localStorage.setItem(STATE_KEY, JSON.stringify(state))
  } catch {
    // storage is forbidden or full: the state lives as long as the page
  }
  render()
}

function on(id, type, handle) {
  byId(id)?.addEventListener(type, (event) => {
    event.preventDefault()
    handle(type === 'submit' ? new FormData(event.target) : undefined)
  })
}

function byId(id) {
  return document.getElementById(id)
}

function text(id, words) {
  byId(id).textContent = words
}

function titleCase(word) {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function count(projects) {
  return projects === 1 ? 'One project' : `${projects} projects`
}

function suggestion() {
  return SUGGESTIONS[state.projects.length % SUGGESTIONS.length]
}

function randomId() {
  return Math.random().toString(36).slice(2, 10)
}

/** The same text gives the same eight characters: whoever signs up again is the same user. */
function shortHash(words) {
  let hash = 0x811c9dc5
  for (const char of words) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
