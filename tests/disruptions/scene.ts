// A morning at the desk that goes wrong: the pages of a disruption as somebody without a script uses them.
import { beforeAll, beforeEach } from 'vitest'
import { bookAtDesk } from '../../src/features/appointments/actions/book.ts'
import { getAppointment, type Appointment } from '../../src/features/appointments/queries.ts'
import type { AppointmentId, PractitionerId } from '../../src/kernel/ids.ts'
import { dateAt, localInstant, parseTime } from '../../src/kernel/time.ts'
import type { Language } from '../../src/platform/i18n/languages.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable, makePatient, type makeService } from '../support/factories.ts'
import { bareWordsOf, plainText, wordsOf, type Agent } from '../support/http.ts'

/** An app for the file's tests, and for each of them a clinic whose desk is Bilal's; answers what goes on there. */
export function withDesk(take: (started: { app: TestApp; clinic: TestClinic; bilal: Agent }) => void) {
  let app: TestApp
  let clinic: TestClinic
  beforeAll(async () => {
    app = await startTestApp({ simulator: true })
    return () => app.stop()
  })
  beforeEach(async () => {
    app.clock.set(testNow)
    app.simulator!.controls.reset()
    clinic = await makeClinic(app)
    await makeBookable(clinic)
    take({ app, clinic, bilal: await clinic.as(clinic.cast.bilal) })
  })

  const minutes = (count: number) => app.clock.set(app.clock.now().add({ minutes: count }).toString())
  /** Confirmations have left and were read, so that phones are empty and everybody knows of their visit. */
  const allTold = async () => {
    minutes(10)
    await app.runJob('messaging.dispatch')
    app.simulator!.controls.reset()
  }
  const statusOf = async (id: AppointmentId) => (await visitNow(clinic, id)).status
  const entries = async (action: string) =>
    (
      await app.superuser<{ n: number }>(
        'select count(*)::int as n from clinic.audit_entries where clinic_id = $1 and action = $2',
        [clinic.id, action],
      )
    )[0]!.n
  return { minutes, allTold, statusOf, entries }
}

/** Noon in Karachi is `testNow`; times here are the clinic's own. */
export async function booked(
  clinic: TestClinic,
  name: string,
  at: string,
  more: { days?: number; language?: Language; wanted?: boolean; practitionerId?: PractitionerId } = {},
): Promise<{ id: AppointmentId; phone: string; name: string }> {
  const patient = await makePatient(clinic, { name, language: more.language ?? 'en', consent: more.wanted !== false })
  const visit = await clinic.inClinic(async (ctx) => {
    const [service] = await ctx.db.withSchema('clinic').table('services').where({ clinic_id: ctx.clinic.id }).limit(1)
    const [place] = await ctx.db.withSchema('clinic').table('locations').where({ clinic_id: ctx.clinic.id }).limit(1)
    const day = dateAt(ctx.now, ctx.clinic.zone).add({ days: more.days ?? 0 })
    const made = await bookAtDesk(ctx, {
      wish: {
        serviceId: (service as { id: Awaited<ReturnType<typeof makeService>>['id'] }).id,
        practitionerId: more.practitionerId ?? clinic.cast.sana.practitionerId,
        locationId: (place as { id: Appointment['locationId'] }).id,
        startsAt: localInstant(day, parseTime(at)!, ctx.clinic.zone)!,
      },
      patient: { id: patient.id },
      language: more.language ?? 'en',
      messagesWanted: more.wanted !== false,
    })
    if (!made.ok) throw new Error(`${name} at ${at}: ${made.reason}`)
    return made.value
  })
  return { id: visit.id, phone: patient.phone, name }
}

export const visitNow = (clinic: TestClinic, id: AppointmentId): Promise<Appointment> =>
  clinic.inClinic((ctx) => getAppointment(ctx, id))

/** `13:20`, by the clinic's clock. */
export async function timeOf(clinic: TestClinic, id: AppointmentId): Promise<string> {
  const { startsAt } = await visitNow(clinic, id)
  const local = startsAt.toZonedDateTimeISO((await clinic.proven()).zone)
  return local.toPlainTime().toString({ smallestUnit: 'minute' })
}

export type Shown = {
  html: string
  words: string
  status: number
  declared: string
  shown: string
  /** The choices of each visit: the name of its field, what is chosen, and what could be. */
  visits: { id: string; field: string; value: string; options: Record<string, string> }[]
  /** The messages as they are shown, in order. */
  texts: string[]
}

export function readPreview(response: { text: string; status: number }): Shown {
  const { text: html, status } = response
  const value = (name: string) => plainText(new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '')
  return {
    html,
    words: bareWordsOf(html),
    status,
    declared: value('declared'),
    shown: value('shown'),
    visits: [...html.matchAll(/<select[^>]* name="(v_([0-9a-f-]+)_\d+)">([\s\S]*?)<\/select>/g)].map(
      ([, field = '', id = '', body = '']) => {
        const options = [...body.matchAll(/<option value="([^"]*)"( selected)?>([^<]*)</g)]
        return {
          id,
          field,
          value: plainText(options.find(([, , selected]) => selected)?.[1] ?? ''),
          options: Object.fromEntries(
            options.map(([, one = '', , label = '']) => [bareWordsOf(label), plainText(one)]),
          ),
        }
      },
    ),
    texts: [...html.matchAll(/<blockquote[^>]*>([\s\S]*?)<\/blockquote>/g)].map(([, text = '']) => plainText(text)),
  }
} // prettier-ignore

export function desk(app: TestApp, clinic: TestClinic, agent: Agent) {
  const path = `/app/${clinic.slug}/disruptions`
  const post = async (fields: Record<string, string>) => readPreview(await agent.postForm(`${path}/new`, fields))
  const formOf = (page: Shown, choices: Record<string, string> = {}) => ({
    declared: page.declared,
    shown: page.shown,
    ...Object.fromEntries(page.visits.map(({ field, id, value }) => [field, choices[id] ?? value])),
  })
  return {
    path,
    /** What would happen. */
    look: (fields: Record<string, string>) =>
      post({ who: `doctor:${clinic.cast.sana.practitionerId}`, then: 'move', what: 'late', ...fields }),
    again: (page: Shown, choices: Record<string, string>) => post({ ...formOf(page, choices), step: 'look' }),
    confirm: (page: Shown, choices: Record<string, string> = {}) =>
      agent.postForm(`${path}/new`, { ...formOf(page, choices), step: 'confirm' }),
    /** Confirms, and answers the address of what was declared. */
    async done(page: Shown): Promise<string> {
      const response = await agent.postForm(`${path}/new`, { ...formOf(page), step: 'confirm' })
      if (response.status !== 303)
        throw new Error(`${response.status}: ${wordsOf(response.text).slice(0, 60)} ${app.lastError()}`)
      return response.headers.location as string
    },
    undo: (address: string) => agent.postForm(`${address}/undo`),
    now: (address: string) => agent.postForm(`${address}/now`),
    /** What the next page says once. */
    async said(address: string): Promise<string> {
      const { text } = await agent.get(address)
      const flash = /<div class="notice notice-\w+ flash"[\s\S]*?<div>([\s\S]*?)<\/div>/.exec(text)?.[1] ?? ''
      return bareWordsOf(flash)
    },
  }
}

/** Whatever has become due leaves; what the phone shows then. */
export async function inbox(app: TestApp, phone: string): Promise<{ text: string; template: string | undefined }[]> {
  await app.runJob('messaging.dispatch')
  return app.simulator!.controls.inbox(phone).map(({ text, template }) => ({ text: text ?? '', template }))
}
