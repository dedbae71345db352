// Calendar feeds and the patient's calendar file, read by a parser of another house (ical.js, as Thunderbird has it) and
// kept by a calendar that does what RFC 5546 asks of one: the same UID again replaces, if its SEQUENCE is not lower.
import ICAL from 'ical.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { moveAppointment } from '../../src/features/appointments/actions/move.ts'
import { takeStep, undoStep } from '../../src/features/appointments/actions/run.ts'
import { daysAhead, daysBack, mostFeeds } from '../../src/features/feeds/rules.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import {
  makeAppointment,
  makeBookable,
  makeLocation,
  makePatient,
  makePractitioner,
  makeShift,
} from '../support/factories.ts'
import { wordsOf } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

let clinic: TestClinic
let place: Awaited<ReturnType<typeof makeBookable>>
beforeEach(async () => {
  app.clock.set(testNow)
  clinic = await makeClinic(app)
  place = await makeBookable(clinic)
})

const settings = () => `/app/${clinic.slug}/settings/feeds`
/** Makes one by the page; answers the path of its address. */
async function make(fields: Record<string, string> = {}): Promise<string> {
  const nadia = await clinic.as(clinic.cast.nadia)
  await nadia.getForm(settings())
  const answer = await nadia.postForm(settings(), { name: 'Sana’s phone', names: 'full', ...fields }).expect(200)
  const [, url] =
    /name="feed_url"[^>]*value="([^"]+)"/.exec(answer.text) ?? /value="([^"]+\.ics)"/.exec(answer.text) ?? []
  expect(url).toMatch(/^https:\/\/nabz\.test\/feeds\/[\w-]{43}\.ics$/)
  return new URL(url!).pathname
}
const ask = (path: string, headers: Record<string, string> = {}) => fetch(app.origin + path, { headers })

type Entry = { uid: string; sequence: number; status: string; summary: string; start: string; description: string | null; location: string } // prettier-ignore
function entriesIn(text: string): Entry[] {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[])
  return calendar.getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component)
    return {
      uid: event.uid,
      sequence: event.sequence,
      status: String(component.getFirstPropertyValue('status')),
      summary: event.summary,
      start: event.startDate.toJSDate().toISOString(),
      description: event.description,
      location: event.location,
    }
  })
}

/** A calendar somebody subscribed with: what it shows after each time it asked. */
class Subscriber {
  readonly kept = new Map<string, Entry>()
  take(text: string): this {
    for (const entry of entriesIn(text)) {
      const known = this.kept.get(entry.uid)
      if (!known || entry.sequence >= known.sequence) this.kept.set(entry.uid, entry)
    }
    return this
  }
  shown(): string[] {
    return [...this.kept.values()].filter(({ status }) => status !== 'CANCELLED').map(({ start }) => start)
  }
}

describe('a feed', () => {
  it('shows a doctor’s visits as its owner chose, in UTC, with lines of at most 75 octets', async () => {
    const patient = await makePatient(clinic, { name: 'Ayesha; Khan, the, younger\\ آئشہ خان صاحبہ کی بہت لمبی تفصیل' })
    const visit = await makeAppointment(clinic, { ...place, patientId: patient.id, at: '16:00' })
    await makeAppointment(clinic, { ...place, status: 'pending', at: '17:00', holdExpiresAt: '2026-11-24T08:00:00Z' })
    const path = await make()
    const answer = await ask(path)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8'])
    expect(answer.headers.get('set-cookie')).toBeNull()
    const text = await answer.text()
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    expect(entriesIn(text)).toEqual([
      {
        uid: `${visit.id}@nabz.test`,
        sequence: 0,
        status: 'CONFIRMED',
        summary: patient.name,
        start: visit.startsAt.toString({ fractionalSecondDigits: 3 }),
        description: expect.stringContaining('General consultation') as string,
        location: expect.any(String) as string,
      },
    ])
    const calendar = new ICAL.Component(ICAL.parse(text) as unknown[])
    expect(calendar.getFirstPropertyValue('x-wr-calname')).toBe('Sana’s phone · Shifa Clinic')
    expect(calendar.getFirstPropertyValue('method')).toBe('PUBLISH')
    for (const name of ['refresh-interval', 'x-published-ttl'])
      expect(String(calendar.getFirstPropertyValue(name))).toBe('PT15M')
  })

  it('says no more of a patient than was chosen, and nothing of one who is restricted', async () => {
    const patient = await makePatient(clinic, { name: 'Ayesha Khan' })
    await makeAppointment(clinic, { ...place, patientId: patient.id, at: '16:00' })
    const titles = async (path: string) =>
      entriesIn(await (await ask(path)).text()).map(({ summary, description }) => [summary, description ?? ''])
    const [full, initials, none] = [await make(), await make({ names: 'initials' }), await make({ names: 'none' })]
    expect((await titles(full))[0]![0]).toBe('Ayesha Khan')
    for (const [path, title] of [
      [initials, 'AK'],
      [none, 'Visit'],
    ] as const) {
      const [[summary, description] = []] = await titles(path)
      expect(summary).toBe(title)
      expect(description).not.toContain('consultation')
      expect(await (await ask(path)).text()).not.toMatch(/Ayesha|Khan/)
    }
    await app.superuser('update clinic.patients set restricted_at = now() where id = $1', [patient.id])
    for (const path of [full, initials, none]) {
      const [[summary, description] = []] = await titles(path)
      expect(summary).toBe('Visit')
      expect(description).not.toContain('consultation')
    }
  })

  it('is of one doctor and one place, or of all', async () => {
    const [doctor, location] = [await makePractitioner(clinic), await makeLocation(clinic)]
    await makeAppointment(clinic, { ...place, at: '16:00' })
    await makeAppointment(clinic, { ...place, practitionerId: doctor.id, at: '17:00' })
    await makeAppointment(clinic, { ...place, locationId: location.id, at: '18:00' })
    const count = async (fields: Record<string, string>) =>
      entriesIn(await (await ask(await make(fields))).text()).length
    expect(await count({})).toBe(3)
    expect(await count({ practitioner: doctor.id })).toBe(1)
    expect(await count({ location: location.id })).toBe(1)
    expect(await count({ practitioner: place.practitionerId, location: place.locationId })).toBe(1)
    const nadia = await clinic.as(clinic.cast.nadia)
    const other = { name: 'Theirs', names: 'full', practitioner: (await makeClinic(app)).cast.sana.practitionerId }
    await nadia.postForm(settings(), other).expect(404)
  })

  it(`reaches ${daysBack} days back and ${daysAhead} ahead`, async () => {
    const now = Temporal.Instant.from(testNow)
    const hours = [-24 * daysBack - 1, -24 * daysBack + 1, 24 * daysAhead - 1, 24 * daysAhead + 1]
    for (const from of hours) await makeAppointment(clinic, { ...place, startsAt: now.add({ hours: from }) })
    expect(entriesIn(await (await ask(await make())).text())).toHaveLength(2)
  })

  it('moves, takes back and brings back what a calendar keeps, each time under the same name with a higher number', async () => {
    const visit = await makeAppointment(clinic, { ...place, at: '14:00' })
    const path = await make()
    const calendar = new Subscriber()
    const look = async () => calendar.take(await (await ask(path)).text())
    await look()
    expect(calendar.shown()).toEqual([visit.startsAt.toString({ fractionalSecondDigits: 3 })])
    const later = visit.startsAt.add({ hours: 1 })
    const moved = await clinic.inClinic((ctx) =>
      moveAppointment(ctx, visit.id, { startsAt: later, practitionerId: place.practitionerId, locationId: place.locationId }, 'desk'),
    ) // prettier-ignore
    expect(moved.ok).toBe(true)
    await look()
    expect(calendar.shown()).toEqual([later.toString({ fractionalSecondDigits: 3 })])
    const numbers = [...calendar.kept.values()].map(({ sequence }) => sequence)
    expect((await clinic.inClinic((ctx) => takeStep(ctx, visit.id, 'cancel'))).ok).toBe(true)
    await look()
    expect(calendar.shown()).toEqual([])
    numbers.push(...[...calendar.kept.values()].map(({ sequence }) => sequence))
    expect((await clinic.inClinic((ctx) => undoStep(ctx, visit.id))).ok).toBe(true)
    await look()
    expect(calendar.shown()).toEqual([later.toString({ fractionalSecondDigits: 3 })])
    numbers.push(...[...calendar.kept.values()].map(({ sequence }) => sequence))
    expect(numbers).toEqual([1, 2, 3])
    expect(calendar.kept.size).toBe(1)
  })

  it('has a visit no more that went to another doctor, whose feed has it from then on', async () => {
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id })
    const visit = await makeAppointment(clinic, { ...place, at: '14:00' })
    const [first, second] = [await make({ practitioner: place.practitionerId }), await make({ practitioner: hamid.id })]
    const seen = async (path: string) =>
      entriesIn(await (await ask(path)).text()).map(({ uid, sequence, status }) => [uid, sequence, status])
    const uid = `${visit.id}@nabz.test`
    expect([await seen(first), await seen(second)]).toEqual([[[uid, 0, 'CONFIRMED']], []])
    const etag = (await ask(first)).headers.get('etag')!
    const to = { startsAt: visit.startsAt, practitionerId: hamid.id, locationId: place.locationId }
    expect((await clinic.inClinic((ctx) => moveAppointment(ctx, visit.id, to, 'desk'))).ok).toBe(true)
    // A subscribed calendar shows what the file has now. That it was called off would not be true.
    expect((await ask(first, { 'If-None-Match': etag })).status).toBe(200)
    expect([await seen(first), await seen(second)]).toEqual([[], [[uid, 1, 'CONFIRMED']]])
  })

  it('is not sent again while nothing changed', async () => {
    await makeAppointment(clinic, { ...place, at: '16:00' })
    const path = await make()
    const first = await ask(path)
    const etag = first.headers.get('etag')!
    app.clock.advance({ minutes: 20 })
    const again = await ask(path, { 'If-None-Match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await ask(path, { 'If-None-Match': `"x", W/${etag}` })).status).toBe(304)
    await makeAppointment(clinic, { ...place, at: '17:00' })
    const changed = await ask(path, { 'If-None-Match': etag })
    expect([changed.status, entriesIn(await changed.text()).length]).toEqual([200, 2])
  })

  it('V11.4.2: has an address that is shown once and kept as a digest; it ends at once, and that it was there is written down', async () => {
    const path = await make()
    const token = /feeds\/(.{43})\.ics/.exec(path)![1]!
    const [stored] = await app.superuser<{ all: string }>(
      `select (select string_agg(f::text, '|') from platform.feeds f) || (select coalesce(string_agg(e::text, '|'), '') from clinic.audit_entries e) as all`,
    )
    expect(stored!.all).not.toContain(token)
    expect(app.logLines.join()).not.toContain(token)
    const nadia = await clinic.as(clinic.cast.nadia)
    const before = await nadia.getForm(settings())
    expect(before.html).not.toContain(token)
    expect(wordsOf(before.html)).toContain('Never asked for yet')
    expect((await ask(path)).status).toBe(200)
    const { html, forms } = await nadia.getForm(settings())
    expect(wordsOf(html)).toContain('Last asked for')
    const end = forms.find(({ action }) => action.endsWith('/revocation'))!.action
    await (await clinic.as(clinic.cast.omar)).postForm(end.replace(clinic.slug, clinic.other.slug)).expect(404)
    await (await clinic.as(clinic.cast.bilal)).postForm(end).expect(403)
    expect((await ask(path)).status).toBe(200)
    await nadia.postForm(end).expect(303)
    await nadia.postForm(end).expect(303)
    expect((await ask(path)).status).toBe(404)
    const entries = await app.superuser<{ action: string }>(
      `select action from clinic.audit_entries where clinic_id = $1 and action like 'feed.%' order by at, id`,
      [clinic.id],
    )
    expect(entries.map(({ action }) => action)).toEqual(['feed.created', 'feed.revoked'])
  })

  it('V6.3.1: is not found by guessing, nor asked for without end', async () => {
    const path = await make()
    for (const guess of ['/feeds/x.ics', `/feeds/${'A'.repeat(43)}.ics`, path.replace('.ics', ''), `${path}x`])
      expect((await ask(guess)).status).toBe(404)
    const statuses: number[] = []
    for (let i = 0; i < 125; i++) statuses.push((await ask(path)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(120)
    expect(statuses.at(-1)).toBe(429)
    const guesses: number[] = []
    for (let i = 0; i < 70; i++) guesses.push((await ask(`/feeds/${'B'.repeat(40)}${100 + i}.ics`)).status)
    expect(guesses.at(-1)).toBe(429)
  })

  it('goes on while the clinic can only be read, and not once it is closed', async () => {
    const path = await make()
    const standing = async (status: string) => {
      await app.superuser('update platform.clinics set status = $2 where id = $1', [clinic.id, status])
      return (await ask(path)).status
    }
    expect(await standing('read_only')).toBe(200)
    expect(await standing('suspended')).toBe(404)
    expect(await standing('locked')).toBe(404)
    expect(await standing('active')).toBe(200)
  })

  it('is the owner’s to make; a form that is not right makes none and keeps what was typed', async () => {
    for (const person of [clinic.cast.sana, clinic.cast.bilal])
      await (await clinic.as(person)).get(settings()).expect(403)
    const nadia = await clinic.as(clinic.cast.nadia)
    await nadia.getForm(settings())
    const answer = await nadia.postForm(settings(), { name: '', names: 'everything' }).expect(422)
    expect(wordsOf(answer.text)).toContain('Give the feed a name')
    expect(wordsOf(answer.text)).toContain('Choose what is shown of patients')
    await app.superuser(
      `insert into platform.feeds (id, clinic_id, name, names, token_hash, created_by, created_at)
       select gen_random_uuid(), $1, 'One', 'none', sha256(i::text::bytea), $2, now() from generate_series(1, $3::int) i`,
      [clinic.id, clinic.cast.nadia.userId, mostFeeds],
    )
    await nadia.postForm(settings(), { name: 'One more', names: 'none' }).expect(409)
  })
})
