/** What a scenario can do with a browser, whichever it is. A scenario is written once and runs on the engines that can do it. */

export type EngineName = 'chromium' | 'firefox' | 'webkit'

/** A running browser with a profile of its own. */
export interface Browser {
  readonly engine: EngineName
  /** A new tab at this address, loaded. */
  open(url: string): Promise<Tab>
  /** SIGKILL to all its processes, until they have ended. */
  kill(): Promise<void>
  /** Again, with the profile as it is. */
  start(): Promise<void>
  /** The end of its processes and its profile. */
  dispose(): Promise<void>
}

export interface Tab {
  /** As by the address bar, until loaded. */
  goto(url: string): Promise<void>
  /** Runs a function in the page, and gives what it returns or resolves with. It sees nothing but its argument. */
  evaluate<Value>(script: () => Value | Promise<Value>): Promise<Value>
  evaluate<Value, Argument>(script: (argument: Argument) => Value | Promise<Value>, argument: Argument): Promise<Value>
  /** As a user does by its button, until it is gone. */
  close(): Promise<void>
  /** To the front of its window. */
  show(): Promise<void>
  /** Cuts the network of its page, or restores it; undefined where the driver cannot. */
  offline?(on: boolean): Promise<void>
  /** Its renderer ends, as by a fault in it. */
  crash?(): Promise<void>
}

/** Script text for drivers that take text: an expression that gives the promise of the function's value. */
export const asExpression = (script: (argument: never) => unknown, argument: unknown): string =>
  `(${script})(${JSON.stringify(argument) ?? ''})`
