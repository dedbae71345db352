// Registers our templates with WhatsApp: for the demo at its start, for an operator by `npm run whatsapp:templates`.
import { z } from 'zod'
import { languages, type Language } from '../../../platform/i18n/languages.ts'
import type { Speakers } from '../../../platform/i18n/speaker.ts'
import type { Config } from '../../../config.ts'
import { offerDefinitions } from '../rules/offer-templates.ts'
import { seriesDefinitions } from '../rules/series-templates.ts'
import { templateDefinitions } from '../rules/templates.ts'

export type Registered = { name: string; language: string; status: string }

const page = z.object({
  data: z.array(z.object({ name: z.string(), language: z.string(), status: z.string() })),
  paging: z.object({ next: z.string().optional(), cursors: z.object({ after: z.string() }).optional() }).optional(),
})
const created = z.object({ status: z.string().default('PENDING') })

/** Creates those that are not there yet. Answers all of ours with the state WhatsApp has them in. */
export async function registerTemplates(
  { config, speakers }: { config: Pick<Config, 'whatsapp' | 'baseUrl'>; speakers: Speakers },
  wabaId: string,
): Promise<Registered[]> {
  const url = `${config.whatsapp.baseUrl}/${config.whatsapp.version}/${wabaId}/message_templates`
  const there = await listTemplates(url, config.whatsapp.accessToken)
  const translate = (language: Language) => speakers(language, { country: 'GB', zone: 'UTC' }).t
  const wanted = [
    ...templateDefinitions(languages, translate, config.baseUrl),
    ...languages.flatMap((language) => seriesDefinitions(language, translate(language), config.baseUrl)),
    ...languages.flatMap((language) => offerDefinitions(language, translate(language), config.baseUrl)),
  ]
  const registered: Registered[] = []
  for (const definition of wanted) {
    const [name, language] = [String(definition.name), String(definition.language)]
    const known = there.find((template) => template.name === name && template.language === language)
    if (known) registered.push({ name, language, status: known.status })
    else {
      const answer = await ask(url, config.whatsapp.accessToken, definition)
      registered.push({ name, language, status: created.parse(answer).status })
    }
  }
  return registered
}

async function listTemplates(url: string, token: string): Promise<Registered[]> {
  const found: Registered[] = []
  let after: string | undefined
  do {
    const query = new URLSearchParams({ fields: 'name,language,status', limit: '100', ...(after ? { after } : {}) })
    const answer = page.parse(await ask(`${url}?${query.toString()}`, token))
    found.push(...answer.data)
    after = answer.paging?.next === undefined ? undefined : answer.paging.cursors?.after
  } while (after !== undefined)
  return found
}

async function ask(url: string, token: string, body?: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`WhatsApp answered ${response.status}: ${text.slice(0, 300)}`)
  return JSON.parse(text) as unknown
}
