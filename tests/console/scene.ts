// What tests of the console share: what a browser would post of a page's form.
import { plainText } from '../support/http.ts'

/** What a browser would post of the page's last form if nothing were changed: fields, choices, ticked boxes. */
export function filledIn(html: string): Record<string, string> {
  const form = [...html.matchAll(/<form\b[^>]*>([\s\S]*?)<\/form>/g)].map(([, body = '']) => body)
  const body = form.find((each) => each.includes('name="version"')) ?? ''
  const of = (tag: string, name: string) => new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1]
  const fields: Record<string, string> = {}
  for (const [, tag = ''] of body.matchAll(/<input\b([^>]*)>/g)) {
    const [name, type] = [of(tag, 'name'), of(tag, 'type')]
    if (name === undefined || name === '_csrf') continue
    if ((type === 'checkbox' || type === 'radio') && !/\schecked/.test(tag)) continue
    fields[name] = plainText(of(tag, 'value') ?? '')
  }
  for (const [, tag = '', options = ''] of body.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
    fields[of(tag, 'name') ?? ''] = /value="([^"]*)" selected/.exec(options)?.[1] ?? ''
  }
  for (const [, tag = '', text = ''] of body.matchAll(/<textarea\b([^>]*)>\n?([\s\S]*?)<\/textarea>/g)) {
    fields[of(tag, 'name') ?? ''] = plainText(text)
  }
  return fields
}
