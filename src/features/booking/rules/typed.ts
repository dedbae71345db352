// What was typed into the form of details, word for word, as it travels from page to page: in a hold, sealed, and in the
// hidden fields of the page that says a time is lost; never in an address.
import { isAnswerField } from '../../appointments/rules/answers.ts'

export type Typed = Readonly<Record<string, string>>

const plain = ['name', 'phone', 'email', 'consent', 'full_price'] as const
const longest = 300

/** Only what the form of details has; whatever else was sent is dropped. */
export function typedIn(values: unknown): Typed {
  if (typeof values !== 'object' || values === null) return {}
  const given = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  )
  const answers = given.filter(([name]) => isAnswerField(name)).slice(0, 10)
  const named = given.filter(([name]) => (plain as readonly string[]).includes(name))
  return Object.fromEntries([...named, ...answers].map(([name, text]) => [name, text.slice(0, longest)]))
}
