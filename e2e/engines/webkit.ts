import { type ChildProcess, spawn } from 'node:child_process'
import type { Browser, Tab } from './engine.ts'
import { asExpression } from './engine.ts'
import { programs } from './installed.ts'
import { freePort, killTree, startUntil } from './processes.ts'

/** An X server without a screen, on a display that is free. */
export const startXvfb = async (): Promise<{ child: ChildProcess; display: string }> => {
  const args = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp']
  const { child, match } = await startUntil(programs.xvfb!, args, { said: /^(\d+)\n/m })
  return { child, display: `:${match[1]}` }
}

/** WebKitGTK's MiniBrowser over plain WebDriver: https://www.w3.org/TR/webdriver2/ */
export const startWebKit = async (): Promise<Browser> => {
  const xvfb = await startXvfb()
  const port = await freePort()
  let driver: ChildProcess
  let session: string
  /** The first window stays: without one, the browser ends, and a new one is asked for in one that is there. */
  let anchor: string
  /** One command at a time: each is for the window that was switched to before. */
  let last: Promise<unknown> = Promise.resolve()

  const send = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    const { value } = (await response.json()) as { value: any }
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`)
    return value
  }
  const inTurn = <Value>(action: () => Promise<Value>): Promise<Value> => {
    const result = last.then(action)
    last = result.catch(() => {})
    return result
  }
  const inWindow = (handle: string, method: string, path: string, body?: object) =>
    inTurn(async () => {
      await send('POST', `${session}/window`, { handle })
      return send(method, `${session}${path}`, body)
    })

  const start = async () => {
    const env = { ...process.env, DISPLAY: xvfb.display, WEBKIT_DISABLE_COMPOSITING_MODE: '1' }
    driver = spawn(programs.webkitDriver!, ['--host=127.0.0.1', `--port=${port}`], { env, stdio: 'ignore' })
    session = await newSession()
    anchor = await send('GET', `${session}/window`)
  }
  /** The driver says nothing when it listens. */
  const newSession = async (deadline = Date.now() + 20_000): Promise<string> => {
    const capabilities = {
      alwaysMatch: {
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': { binary: programs.webkit!, args: ['--automation'] },
      },
    }
    try {
      const { sessionId } = await send('POST', '/session', { capabilities })
      return `/session/${sessionId}`
    } catch (error) {
      if (Date.now() > deadline || !(error instanceof TypeError)) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
      return newSession(deadline)
    }
  }
  const kill = async () => {
    await killTree(driver)
  }
  await start()

  const asTab = (handle: string): Tab => ({
    async goto(url) {
      await inWindow(handle, 'POST', '/url', { url })
    },
    async evaluate(script: (argument: never) => unknown, argument?: unknown) {
      const text = `const done = arguments[arguments.length - 1]
        Promise.resolve().then(() => ${asExpression(script, argument)}).then((value) => done({ value }), (error) => done({ error: String(error) }))`
      const { value, error } = await inWindow(handle, 'POST', '/execute/async', { script: text, args: [] })
      if (error) throw new Error(error)
      return value
    },
    async close() {
      await inWindow(handle, 'DELETE', '/window')
    },
    async show() {
      await inTurn(() => send('POST', `${session}/window`, { handle }))
    },
  })

  return {
    engine: 'webkit',
    async open(url) {
      const { handle } = await inWindow(anchor, 'POST', '/window/new', { type: 'tab' })
      const tab = asTab(handle)
      await tab.goto(url)
      return tab
    },
    kill,
    start,
    async dispose() {
      await kill()
      await killTree(xvfb.child)
    },
  }
}
