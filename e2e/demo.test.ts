import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test as base, expect, type Locator } from '@playwright/test'

const START = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url))

interface Demo {
  url: string
  /** Asks it to end, as a supervisor does, and gives the code it ends with. */
  stop(): Promise<number | null>
}

const test = base.extend<{ demo: Demo }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it.
  demo: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'airhop-demo-'))
    const child = spawn(process.execPath, [START], {
      env: { PATH: process.env.PATH, AIRHOP_PORT: '0', AIRHOP_DEMO_PORT: '0', AIRHOP_DATA: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (part) => {
      said += part
    })
    const ended = once(child, 'exit')
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`The demo ended with ${code}: ${said}`)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /^Demo: +(\S+)/.exec(line)?.[1]
        if (found) resolve(found)
      })
    })
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      const [code] = await ended
      return code as number | null
    }
    await use({ url, stop })
    await stop()
    rmSync(folder, { recursive: true, force: true })
  },
})

const said = (row: Locator) =>
  row.evaluate((element) => {
    const { type, event, user, anonymous } = (element as HTMLElement).dataset
    return { type, event, user, anonymous }
  })

test('clicking through the demo shows each event beside it within three seconds, before and after sign-up with one anonymous id', async ({
  demo,
  page,
}) => {
  test.slow()
  // Starting two programs, with other tests beside, is not what is measured.
  await page.setViewportSize({ width: 1400, height: 900 })
  const rows = page.frameLocator('iframe[data-testid="beside-frame"]').getByTestId('event')
  let known = 0
  /** What the panel has after a step: so many more, newest first, within three seconds. */
  const arrived = async (count: number) => {
    known += count
    await expect(rows).toHaveCount(known, { timeout: 3000 })
    const newest = await Promise.all(Array.from({ length: count }, (_, place) => said(rows.nth(place))))
    return newest.reverse()
  }
  const click = (id: string) => page.getByTestId(id).click()

  await page.goto(demo.url)
  const [home] = await arrived(1)
  expect(home).toMatchObject({ type: 'page', user: '' })
  const anonymous = home!.anonymous
  expect(anonymous).toMatch(/^[\da-f-]{36}$/)

  await click('pricing-link')
  expect(await arrived(1)).toEqual([{ type: 'page', event: '', user: '', anonymous }])
  await click('choose-pro')
  expect(await arrived(1)).toEqual([{ type: 'track', event: 'plan_chosen', user: '', anonymous }])
  await click('home-link')
  expect(await arrived(1)).toEqual([{ type: 'page', event: '', user: '', anonymous }])

  await page.getByTestId('signup-name').fill('Mara Lind')
  await page.getByTestId('signup-email').fill('mara@harbour.example')
  await click('signup-submit')
  const [identify, signedUp] = await arrived(2)
  expect(identify).toMatchObject({ type: 'identify', anonymous })
  const user = identify!.user
  expect(user).toMatch(/^usr_/)
  expect(signedUp).toEqual({ type: 'track', event: 'signed_up', user, anonymous })

  await page.getByTestId('project-name').fill('Website relaunch')
  await click('create-project')
  expect(await arrived(1)).toEqual([{ type: 'track', event: 'project_created', user, anonymous }])
  await click('upgrade')
  expect(await arrived(2)).toEqual([
    { type: 'group', event: '', user, anonymous },
    { type: 'track', event: 'plan_upgraded', user, anonymous },
  ])

  await click('logout')
  await click('pricing-link')
  const [next] = await arrived(1)
  expect(next).toMatchObject({ type: 'page', user: '' })
  expect(next!.anonymous).not.toBe(anonymous)
})

test('the demo ends on SIGTERM, with code 0', async ({ demo }) => {
  expect((await fetch(demo.url)).status).toBe(200)
  expect(await demo.stop()).toBe(0)
  await expect(fetch(demo.url)).rejects.toThrow()
})
