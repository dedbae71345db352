// Everything that Nabz leaves in a browser, in one list: the policy prints it, and a test walks every page against it.
import { csrfCookieName } from './csrf.ts'
import { sessionCookieName } from './session.ts'

/** Both strictly necessary, both gone with the browser. */
export const cookies = [
  { code: 'session', name: sessionCookieName },
  { code: 'csrf', name: csrfCookieName },
] as const

/** Where statistics are switched on, and only after a yes, the one key in the storage of the tab that says so. */
export const consentKey = 'nabz-statistics'
