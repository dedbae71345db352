// A patient who proves their number and looks at their own data, over HTTP, as a browser without scripts.
import { wordsOf, type Agent } from '../support/http.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'

/** The codes on their way to patients of a clinic, newest last. */
export async function codesOf(app: TestApp, clinic: TestClinic): Promise<string[]> {
  const found = await app.superuser<{ id: string; params: Buffer | null }>(
    `select id, params_sealed as params from clinic.messages where clinic_id = $1 and kind = 'code'
     order by created_at, version, id`,
    [clinic.id],
  )
  return clinic.inClinic((ctx) =>
    Promise.resolve(
      found.map(({ id, params }) =>
        params ? (ctx.seal.openJson(params, 'messages.params', id) as { code: string }).code : '',
      ),
    ),
  )
}

/** Types a number; answers where the code is asked for. */
export async function ask(agent: Agent, clinic: TestClinic, phone: string, lang = ''): Promise<string> {
  const path = `/c/${clinic.slug}/privacy${lang}`
  await agent.getForm(path)
  const sent = await agent.postForm(path, { phone, website: '' })
  if (sent.status !== 303) throw new Error(`no code: ${sent.status} ${wordsOf(sent.text)}`)
  return sent.headers.location as string
}

/** The whole way in; answers the address of what is held, without a language. */
export async function open(app: TestApp, agent: Agent, clinic: TestClinic, phone: string): Promise<string> {
  const path = await ask(agent, clinic, phone)
  const code = (await codesOf(app, clinic)).at(-1)!
  const proven = await agent.postForm(path, { step: 'code', code })
  if (proven.status !== 303) throw new Error(`not open: ${proven.status} ${wordsOf(proven.text)}`)
  return (proven.headers.location as string).split('?')[0]!
}
