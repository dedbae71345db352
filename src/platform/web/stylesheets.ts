// What dresses a page of the workspace besides desk.css (and plain.css outside of it). It is said once for a folder of
// views and not by each page, so that a refused form, a step of proof and a piece that a script puts in are dressed like
// the rest of theirs. tests/platform/stylesheets.test.ts finds a class that is used where nothing dresses it.

/** Later sheets may rely on earlier ones. A folder that is not here needs nothing of its own. */
export const sheetsOf: Readonly<Record<string, readonly string[]>> = {
  accounts: ['accounts'],
  analytics: ['analytics'],
  billing: ['subscription'],
  calendar: ['visits', 'calendar'],
  clinics: ['settings'],
  closing: ['privacy'],
  console: ['console'],
  desk: ['visits', 'today', 'disruptions', 'queue'],
  disruptions: ['disruptions'],
  export: ['privacy'],
  policies: ['privacy'],
  privacy: ['privacy'],
  queue: ['today', 'queue'],
  rights: ['privacy'],
  series: ['visits'],
  trail: ['privacy'],
  waitlist: ['visits'],
}

/** The addresses of the sheets that a page made from `template` is dressed in, in the order of their loading. */
export function stylesheets(template: string): string[] {
  const [folder = ''] = template.split('/')
  return (sheetsOf[folder] ?? []).map((sheet) => `/css/${sheet}.css`)
}
