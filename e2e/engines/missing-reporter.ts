import type { Reporter } from '@playwright/test/reporter'
import { missingEngines } from './installed.ts'

/** Says, last of all, in which engines nothing was tested. */
export default class MissingReporter implements Reporter {
  onEnd() {
    for (const sentence of missingEngines()) console.log(`\n${sentence}`)
  }
}
