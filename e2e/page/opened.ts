import type { Page } from '@playwright/test'
import type { Ingest } from '../ingest.ts'
import { expect } from '../ingest.ts'

export { expect, test } from '../ingest.ts'

/** The live page at a view, by the address that the server prints. Fails on an error of the page or its policy. */
export async function open(page: Page, ingest: Ingest, view = ''): Promise<void> {
  page.on('pageerror', (error) => {
    throw error
  })
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedScript/i.test(message.text())) throw new Error(message.text())
  })
  await page.goto(`${ingest.url}/#token=${ingest.adminToken}`)
  await expect(page.getByTestId('nav-live')).toBeVisible()
  if (view) await page.goto(`${ingest.url}/#/${view}`)
}

/** Posts calls as a server would. */
export async function send(ingest: Ingest, calls: object[], envelope: object = {}): Promise<Response> {
  return fetch(`${ingest.url}/ingest/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest.writeKey}` },
    body: JSON.stringify({ ...envelope, batch: calls }),
  })
}

export const track = (event: string, more: object = {}) => ({ type: 'track', userId: 'u_1', event, ...more })
