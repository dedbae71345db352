// A patient who proves their number and looks at their own data, over HTTP, as a browser without scripts.
import { beforeAll, beforeEach } from 'vitest'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient } from '../support/factories.ts'
import { wordsOf, type Agent } from '../support/http.ts'

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

/** An app for the file's tests, and for each of them a clinic; answers who comes there, and what they see. */
export function withPatients(take: (started: { app: TestApp; clinic: TestClinic }) => void) {
  let app: TestApp
  let clinic: TestClinic
  beforeAll(async () => {
    app = await startTestApp()
    return () => app.stop()
  })
  beforeEach(async () => {
    app.clock.set(testNow)
    clinic = await makeClinic(app)
    await makeBookable(clinic)
    take({ app, clinic })
  })

  let addresses = 0
  /** Every test from another address, as the limits of one hour are shared by everybody behind one. */
  const browser = () => app.agent(`198.51.100.${++addresses}`)
  let numbers = 0
  const freshNumber = () => `+92302${String(5_000_000 + ++numbers)}`
  const somebody = (overrides: Parameters<typeof makePatient>[1] = {}) =>
    makePatient(clinic, { phone: freshNumber(), name: 'Ayesha Khan', ...overrides })
  const opened = async (phone: string, agent = browser()): Promise<{ agent: Agent; at: string }> => ({
    agent,
    at: await open(app, agent, clinic, phone),
  })
  const textOf = async (agent: Agent, path: string) => wordsOf((await agent.get(path).expect(200)).text)
  const requestsOf = (id: string) =>
    app.superuser<{ kind: string; state: string; identity: string }>(
      'select kind, state, identity from clinic.rights_requests where clinic_id = $1 and patient_id = $2 order by received_at, id',
      [clinic.id, id],
    )
  return { browser, freshNumber, somebody, opened, textOf, requestsOf }
}
