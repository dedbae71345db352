// A patient with a phone: opens pages, taps times, types into forms. Everything over HTTP, as a browser without scripts.
import type { Response } from 'supertest'
import type { TestApp } from '../support/app.ts'
import { makeClinic, type ClinicFactsOverrides, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'
import { plainText, readPage, wordsOf, type Agent, type Fields } from '../support/http.ts'

/** Every time on a page: what its button sends and what it is called. */
export function slotsOf(html: string): { value: string; label: string }[] {
  return [...html.matchAll(/<button[^>]*name="slot" value="([^"]+)"[^>]*>([\s\S]*?)<\/button>/g)].map(
    ([, value = '', inner = '']) => ({ value, label: wordsOf(inner) }),
  )
}

/** The value of the time at this local hour in Karachi, tomorrow. */
export const slotAt = (
  time: string,
  { practitionerId, locationId }: { practitionerId: string; locationId: string },
  date = '2026-11-25',
) => {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  const utc = String(hour - 5).padStart(2, '0')
  return `${date}T${utc}:${String(minute).padStart(2, '0')}:00Z_${practitionerId}_${locationId}`
}

export const typed = (overrides: Record<string, string> = {}): Fields => ({
  step: 'details',
  name: 'Ayesha Khan',
  phone: '0300 1234567',
  email: '',
  consent: 'yes',
  website: '',
  ...overrides,
})

export type Scene = Awaited<ReturnType<typeof bookableClinic>>

/** A clinic open for booking, asking for no code unless told otherwise. */
export async function bookableClinic(
  app: TestApp,
  overrides: {
    facts?: ClinicFactsOverrides
    service?: Parameters<typeof makeBookable>[1]
    codePolicy?: 'always' | 'new' | 'off'
    phone?: string | null
  } = {},
) {
  const clinic = await makeClinic(app, overrides.facts)
  const setup = await makeBookable(clinic, overrides.service)
  await setProfile(clinic, {
    code_policy: overrides.codePolicy ?? 'off',
    phone: overrides.phone === undefined ? '+922135870000' : overrides.phone,
  })
  return { clinic, ...setup, home: `/c/${clinic.slug}` }
}

export async function setProfile(clinic: TestClinic, columns: Record<string, unknown>): Promise<void> {
  await clinic.inClinic(async (ctx) => {
    if (Object.keys(columns).length > 0)
      await ctx.db.withSchema('clinic').table('profiles').where({ clinic_id: clinic.id }).update(columns)
    ctx.settingsChanged()
  })
}

/** Opens the times, so that the browser has its token, and taps one. */
export async function tap(agent: Agent, scene: Scene, slot: string, more: Fields = {}): Promise<Response> {
  await agent.getForm(`${scene.home}/times?service=${scene.service.id}`)
  return agent.postForm(`${scene.home}/holds`, { service: scene.service.id, slot, ...more })
}

/** Taps a time and goes on to the form of details; answers its address. */
export async function hold(agent: Agent, scene: Scene, time = '10:00'): Promise<string> {
  const tapped = await tap(agent, scene, slotAt(time, scene))
  if (tapped.status !== 303) throw new Error(`no hold: ${tapped.status} ${wordsOf(tapped.text)}`)
  return locationOf(tapped)
}

export const locationOf = (response: Response): string => response.headers.location as string

export const statesOf = (scene: Scene) =>
  scene.clinic.app
    .superuser<{
      status: string
      patient_id: string | null
    }>('select status, patient_id from clinic.appointments where clinic_id = $1 order by created_at, id', [
      scene.clinic.id,
    ])
    .then((rows) => rows.map(({ status }) => status))

/** What a field of the page holds, as it would be sent back. */
export function valueOf(html: string, name: string): string | undefined {
  const tag = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(html)?.[0]
  if (tag === undefined) return undefined
  if (tag.includes('type="checkbox"')) return tag.includes(' checked') ? 'yes' : ''
  return plainText(/ value="([^"]*)"/.exec(tag)?.[1] ?? '')
}

export { readPage, wordsOf }
