import type { Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { expect, type Ingest, type Site, test } from './ingest.ts'

declare const airhop: Airhop

const SIMPLE = { 'data-page': 'auto', 'data-flush-ms': '50' }

/** A page whose title is set, as routers do it, a little after the address. */
const serve = (site: Site, paths: string[], attributes: Record<string, string> = {}) => {
  for (const path of paths)
    site.pages.set(
      path,
      site.page({ title: `Title of ${path}`, head: site.snippet({ attributes: { ...SIMPLE, ...attributes } }) }),
    )
}
const open = async (page: Page, url: string) => {
  await page.goto(url)
  await page.waitForFunction(() => airhop.VERSION)
}
/** `[address, title, referrer]` of each view, once there are so many; the site's own address is left out. */
const views = async (ingest: Ingest, site: Site, count: number) =>
  (await ingest.waitForEvents(count, { type: 'page' })).map(({ properties }) => {
    const { url, title, referrer } = properties as Record<string, string>
    return [url, title, referrer].map((text) => text!.replace(site.url, ''))
  })
/** What was done before this has been told of by now, if it ever will be. */
const visited = async (page: Page, ingest: Ingest, count: number) => {
  await page.evaluate(() => history.pushState(null, '', '/last'))
  await ingest.waitForEvents(count, { type: 'page' })
}

for (const api of ['with', 'without'])
  test.describe(`${api} the Navigation API`, () => {
    test.beforeEach(async ({ page }) => {
      if (api === 'without') await page.addInitScript(() => Reflect.deleteProperty(window, 'navigation'))
    })

    test('pushState, replaceState, back and forward are a view each, with the title set after them and the address before', async ({
      ingest,
      site,
      page,
    }) => {
      serve(site, ['/'])
      await open(page, site.url)
      await views(ingest, site, 1)
      const go = async (count: number, action: string, title: string) => {
        await page.evaluate(
          ({ action, title }) => {
            if (action === 'back') history.back()
            else if (action === 'forward') history.forward()
            else {
              const [method, url] = action.split(' ')
              history[method as 'pushState'](null, '', url!)
            }
            setTimeout(() => {
              document.title = title
            }, 20)
          },
          { action, title },
        )
        return (await views(ingest, site, count)).at(-1)
      }
      expect(await go(2, 'pushState /a?x=1#top', 'A')).toEqual(['/a?x=1', 'A', '/'])
      expect(await go(3, 'pushState /a?x=2', 'A 2')).toEqual(['/a?x=2', 'A 2', '/a?x=1'])
      expect(await go(4, 'replaceState /b?token=abc', 'B')).toEqual(['/b?token=redacted', 'B', '/a?x=2'])
      expect(await go(5, 'back', 'A again')).toEqual(['/a?x=1', 'A again', '/b?token=redacted'])
      expect(await go(6, 'forward', 'B again')).toEqual(['/b?token=redacted', 'B again', '/a?x=1'])
    })

    test('a fragment alone, the same address, and the replaceState of a router before every push are none', async ({
      ingest,
      site,
      page,
    }) => {
      serve(site, ['/'])
      await open(page, site.url)
      await views(ingest, site, 1)
      await page.evaluate(() => {
        location.hash = 'one'
        history.pushState(null, '', '#two')
        history.pushState({ n: 1 }, '', location.href)
        history.replaceState({ n: 2 }, '', location.href)
        history.replaceState({ n: 3 }, '')
        history.back()
      })
      await page.evaluate(() => {
        // Vue Router and Next.js write to the entry that they leave.
        history.replaceState({ scroll: 10 }, '')
        history.pushState({}, '', '/next')
        history.replaceState({ scroll: 0 }, '')
      })
      await views(ingest, site, 2)
      await visited(page, ingest, 3)
      expect((await views(ingest, site, 3)).map(([url]) => url)).toEqual(['/', '/next', '/last'])
    })

    test('a redirect is one view: of where it leads, with the page before it as referrer; and so is one at the start', async ({
      ingest,
      site,
      page,
    }) => {
      site.pages.set(
        '/',
        site.page({
          title: 'Title of /',
          head: site.snippet({ attributes: SIMPLE }),
          body: `<script>airhop.ready(() => history.replaceState(null, '', '/home'))</script>`,
        }),
      )
      await open(page, site.url)
      expect(await views(ingest, site, 1)).toEqual([['/home', 'Title of /', '']])
      await page.evaluate(() => {
        history.pushState(null, '', '/account')
        setTimeout(() => history.replaceState(null, '', '/login'), 10)
      })
      expect((await views(ingest, site, 2))[1]).toEqual(['/login', 'Title of /', '/home'])
      await visited(page, ingest, 3)
      expect((await views(ingest, site, 3))[2]).toEqual(['/last', 'Title of /', '/login'])
    })

    test('views that follow each other at once are all told, in order, each with its own time', async ({
      ingest,
      site,
      page,
    }) => {
      serve(site, ['/'])
      await open(page, site.url)
      await page.evaluate(async () => {
        for (const name of ['a', 'b', 'c']) {
          history.pushState(null, '', `/${name}`)
          document.title = name
          await new Promise(requestAnimationFrame)
        }
      })
      const seen = await views(ingest, site, 4)
      expect(seen.map(([url]) => url)).toEqual(['/', '/a', '/b', '/c'])
      expect(seen.map(([, title]) => title)).toEqual(['Title of /', 'a', 'b', 'c'])
      expect(seen.map(([, , referrer]) => referrer)).toEqual(['', '/', '/a', '/b'])
      const times = (await ingest.events({ type: 'page' })).map(({ originalTimestamp }) => originalTimestamp!)
      expect(times).toEqual(times.toSorted())
      expect(new Set(times).size).toBe(4)
    })

    test('a page left at once is told of, and one that comes back from the back/forward cache is a view again', async ({
      ingest,
      site,
      page,
    }) => {
      serve(site, ['/', '/other'])
      await open(page, site.url)
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => persisted && document.body.setAttribute('data-restored', ''))
        location.href = '/other'
      })
      await page.waitForURL('**/other')
      await views(ingest, site, 2)
      await page.evaluate(() => history.back())
      await expect(page.locator('body[data-restored]')).toBeAttached()
      expect((await views(ingest, site, 3)).map(([url]) => url)).toEqual(['/', '/other', '/'])
    })

    test('the wrappers of others around history survive, and ours survives theirs', async ({ ingest, site, page }) => {
      const wrap = (name: string) => `<script>
        ;(window.calls ||= {}).${name} = 0
        for (const method of ['pushState', 'replaceState']) {
          const original = history[method]
          history[method] = function (...args) { calls.${name}++; return original.apply(this, args) }
        }
      </script>`
      const script = site.snippet({ attributes: SIMPLE }).replace(' async>', '>')
      site.pages.set('/', site.page({ head: wrap('before') + script + wrap('after') }))
      await open(page, site.url)
      await views(ingest, site, 1)
      await page.evaluate(() => history.pushState({ kept: true }, '', '/a'))
      expect((await views(ingest, site, 2))[1]![0]).toBe('/a')
      expect(await page.evaluate(() => [(window as any).calls, history.state])).toEqual([
        { before: 1, after: 1 },
        { kept: true },
      ])
      const thrown = await page.evaluate(() => {
        try {
          history.pushState(null, '', 'https://elsewhere.test/')
        } catch (error) {
          return (error as Error).name
        }
      })
      expect(thrown).toBe('SecurityError')
    })
  })

test('a view has the campaign of its own address, also when the app takes it off at the start or goes on at once', async ({
  ingest,
  site,
  page,
}) => {
  const go = (code: string) =>
    site.page({ head: site.snippet({ attributes: SIMPLE }), body: `<script>airhop.ready(() => ${code})</script>` })
  const campaigns = async (count: number) =>
    (await ingest.waitForEvents(count, { type: 'page' })).map(({ properties, context }) => [
      (properties!.url as string).replace(site.url, ''),
      context.campaign,
    ])
  const letter = { source: 'letter', name: 'spring' }
  const landing = '/?utm_source=letter&utm_campaign=spring'
  site.pages.set('/', go(`history.replaceState(null, '', '/home')`))
  await open(page, site.url + landing)
  expect(await campaigns(1)).toEqual([['/home', letter]])
  await page.evaluate(() => history.pushState(null, '', '/plain'))
  expect((await campaigns(2))[1]).toEqual(['/plain', undefined])

  site.pages.set('/', go(`history.pushState(null, '', '/onboarding')`))
  await open(page, site.url + landing)
  expect((await campaigns(4)).slice(2)).toEqual([
    [landing, letter],
    ['/onboarding', undefined],
  ])
})

test('a canonical link that the router sets later is that of the page it belongs to', async ({
  ingest,
  site,
  page,
}) => {
  serve(site, ['/'])
  await open(page, site.url)
  await views(ingest, site, 1)
  await page.evaluate(() => {
    const link = document.head.appendChild(document.createElement('link'))
    link.rel = 'canonical'
    const show = (path: string) => {
      history.pushState(null, '', `${path}?variant=7`)
      setTimeout(() => {
        link.href = path
      }, 10)
    }
    show('/shoes')
  })
  await views(ingest, site, 2)
  await page.evaluate(() => {
    history.pushState(null, '', '/hats?variant=2')
    setTimeout(() => {
      document.querySelector('link[rel=canonical]')!.setAttribute('href', '/hats')
    }, 10)
  })
  expect((await views(ingest, site, 3)).map(([url]) => url)).toEqual(['/', '/shoes', '/hats'])
})

test('a prerendered page is no view until it is shown', async ({ ingest, site, page }) => {
  serve(site, ['/prerendered'])
  site.pages.set(
    '/',
    site.page({
      head: `${site.snippet({ attributes: SIMPLE })}<script type="speculationrules">{"prerender":[{"source":"list","urls":["/prerendered"],"eagerness":"immediate"}]}</script>`,
      body: '<a href="/prerendered">Go</a>',
    }),
  )
  const prerendered = new Promise<void>((resolve) => {
    page.on('response', (response) => {
      if (new URL(response.url()).pathname === '/prerendered') resolve()
    })
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/prerendered') resolve()
    })
  })
  await open(page, site.url)
  await views(ingest, site, 1)
  await prerendered
  await ingest.waitForEvents(1, { type: 'page' })
  await page.getByText('Go').click()
  await page.waitForURL('**/prerendered')
  expect((await views(ingest, site, 2)).map(([url]) => url)).toEqual(['/', '/prerendered'])
})

test('a view seen while consent is refused is not told later, and one seen while it is pending is', async ({
  ingest,
  site,
  page,
}) => {
  serve(site, ['/'], { 'data-consent': 'pending' })
  await open(page, site.url)
  await page.evaluate(() => history.pushState(null, '', '/pending'))
  await page.evaluate(() => airhop.optIn())
  expect((await views(ingest, site, 2)).map(([url]) => url)).toEqual(['/', '/pending'])
  await page.evaluate(() => {
    airhop.optOut()
    history.pushState(null, '', '/denied')
    airhop.optIn()
  })
  await visited(page, ingest, 3)
  expect((await views(ingest, site, 3)).map(([url]) => url)).toEqual(['/', '/pending', '/last'])
})
