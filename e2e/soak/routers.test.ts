import type { Page } from '@playwright/test'
import { expect, type Ingest, test } from '../ingest.ts'
import { type App, buildExample, serveSinglePageApp, startNext } from './example-app.ts'

/** Installing and building an example, on a machine that does other things too. */
const BUILD_TIMEOUT_MS = 600_000
const WRITE_KEY = 'wk_example_routers'

/** What is done, the heading that is there then, and the address of the view that it makes, if it makes one. */
type Step = [action: string, heading: string, view?: string]

const STEPS: Step[] = [
  ['load /', 'Home', '/'],
  ['click Projects', 'Projects', '/projects'],
  ['click Project 1', 'Project 1', '/projects/1'],
  ['click Project 2', 'Project 2', '/projects/2'],
  ['click Project 2', 'Project 2'],
  ['click Notes', 'Project 2'],
  ['back', 'Project 2'],
  ['click Old', 'Projects', '/projects'],
  ['click By date', 'Projects by date', '/projects?sort=date'],
  ['click Account', 'Log in', '/login'],
  ['back', 'Projects by date', '/projects?sort=date'],
  ['forward', 'Log in', '/login'],
  ['click Home', 'Home', '/'],
  ['click Home', 'Home'],
  ['click Project 1', 'Project 1', '/projects/1'],
  ['reload', 'Project 1', '/projects/1'],
  ['load /projects?sort=date#top', 'Projects by date', '/projects?sort=date'],
  ['back', 'Project 1', '/projects/1'],
  ['click Project 2', 'Project 2', '/projects/2'],
]
/** Where a first load is redirected; React Router pushes there, so that both addresses are in the history. */
const REDIRECTED: Step = ['load /account', 'Log in', '/login']

const perform = async (page: Page, url: string, action: string) => {
  const [verb, ...rest] = action.split(' ')
  const what = rest.join(' ')
  if (verb === 'load') await page.goto(url + what)
  else if (verb === 'reload') await page.reload()
  // Playwright would wait for the load of a page that comes back from the cache.
  else if (verb === 'back') await page.evaluate(() => history.back())
  else if (verb === 'forward') await page.evaluate(() => history.forward())
  else await page.getByRole('link', { name: what, exact: true }).click()
}

/** Goes through all steps; each view is waited for in the store, which may never hold one more. */
const visit = async (page: Page, app: App, { ingest, steps }: { ingest: Ingest; steps: Step[] }) => {
  const thrown: string[] = []
  page.on('pageerror', (error) => thrown.push(String(error)))
  const expected: string[][] = []
  /** Of the app, since the last load. */
  let before = ''
  for (const [action, heading, view] of steps) {
    await test.step(action, async () => {
      if (/load|reload/.test(action)) before = ''
      await perform(page, app.url, action)
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading)
      if (!view) return
      expected.push([view, heading, before && app.url + before])
      before = view
      await ingest.waitForEvents(expected.length, { type: 'page' })
    })
    // A document that is loaded anew, or restored, has what the browser says.
    if (action === 'back' && expected.length === 14) expected.at(-1)![2] = ''
  }
  const views = (await ingest.events({ type: 'page' })).map(({ properties, context }) => {
    const { url, path, search, title, referrer } = properties as Record<string, string>
    expect(context.page).toEqual({ url, path, search, title, referrer })
    expect(url).toBe(`${app.url}${path}${search}`)
    return [`${path}${search}`, title, referrer]
  })
  expect(views).toEqual(expected)
  expect(thrown).toEqual([])
}

const routers = [
  {
    name: 'React Router in StrictMode',
    port: 46811,
    start: (env: Record<string, string>) =>
      // React's development build is the one in which StrictMode does everything twice.
      serveSinglePageApp(buildExample('react-router', env, ['--mode', 'development'])),
    prefix: 'VITE_',
  },
  {
    name: 'Vue Router',
    port: 46812,
    start: (env: Record<string, string>) => serveSinglePageApp(buildExample('vue-router', env)),
    prefix: 'VITE_',
  },
  {
    name: 'Next.js App Router',
    port: 46813,
    start: (env: Record<string, string>) => startNext(buildExample('next-app-router', env)),
    prefix: 'NEXT_PUBLIC_',
  },
]

for (const { name, port, start, prefix } of routers) {
  test.describe(name, () => {
    // What is built into the app: the same for each run, so that it is built once.
    test.use({ ingestEnv: { AIRHOP_PORT: `${port}`, AIRHOP_WRITE_KEY: WRITE_KEY } })
    let app: App
    test.beforeAll(async () => {
      test.setTimeout(BUILD_TIMEOUT_MS)
      app = await start({ [`${prefix}AIRHOP_KEY`]: WRITE_KEY, [`${prefix}AIRHOP_HOST`]: `http://127.0.0.1:${port}` })
    })
    test.afterAll(() => app?.stop())

    for (const api of ['with', 'without'])
      test(`twenty navigations make one page call each that shows another page, with its title and the page before, ${api} the Navigation API`, async ({
        ingest,
        page,
      }) => {
        test.slow()
        if (api === 'without') await page.addInitScript(() => Reflect.deleteProperty(window, 'navigation'))
        await visit(page, app, { ingest, steps: name.startsWith('React') ? STEPS : [...STEPS, REDIRECTED] })
      })
  })
}
