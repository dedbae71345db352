// Weekly hours and closures, as Nadia types them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listClosures, listShifts } from '../../src/features/clinics/queries.ts'
import type { PractitionerId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type ClinicFactsOverrides, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeLocation, makePractitioner, makeShift } from '../support/factories.ts'
import { wordsOf, type Agent, type Fields } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

type Setting = { clinic: TestClinic; nadia: Agent; base: string; place: string; hours: string; sana: PractitionerId }

async function open(overrides: ClinicFactsOverrides = {}): Promise<Setting> {
  const clinic = await makeClinic(app, overrides)
  const { id: place } = await makeLocation(clinic, { name: 'Clifton' })
  const base = `/app/${clinic.slug}/settings`
  const sana = clinic.cast.sana.practitionerId
  return { clinic, nadia: await clinic.as(clinic.cast.nadia), base, place, hours: `${base}/hours/${sana}`, sana }
}

/** The doctor's hours as a person would read them out, in order. */
async function week(clinic: TestClinic): Promise<string[]> {
  const shifts = await clinic.inClinic((ctx) => listShifts(ctx, { practitionerId: clinic.cast.sana.practitionerId }))
  return shifts
    .map(({ weekday, startsMin, endsMin, validFrom, validTo }) => {
      const dates = validFrom || validTo ? ` ${validFrom?.toString() ?? ''}..${validTo?.toString() ?? ''}` : ''
      return `${weekday} ${startsMin / 60}-${endsMin / 60}${dates}`
    })
    .sort()
}

const monday = (place: string, from = '09:00', to = '17:00'): Fields => ({
  location: place,
  d1_1_from: from,
  d1_1_to: to,
})

describe('weekly hours', () => {
  it('are a grid with split days and nights, offered with a usual week to begin with', async () => {
    const { clinic, nadia, place, hours } = await open()
    const fresh = (await nadia.get(hours)).text
    expect(fresh).toContain('name="d6_1_from" value="09:00"')
    expect(fresh).not.toContain('name="d7_1_from"')
    const typed = {
      ...monday(place, '09:00', '13:00'),
      d1_2_from: '17:00',
      d1_2_to: '21:00',
      d5_1_from: '22:00',
      d5_1_to: '02:00',
    }
    await nadia.postForm(hours, typed).expect(303)
    expect(await week(clinic)).toEqual(['1 17-21', '1 9-13', '5 22-26'])
    const overview = wordsOf((await nadia.get(`/app/${clinic.slug}/settings/hours`)).text)
    expect(overview).toContain('Monday 9:00 am – 1:00 pm 5:00 pm – 9:00 pm')
    expect(overview).toContain('Friday 10:00 pm – 2:00 am next day')
    expect((await clinic.proven()).settingsVersion).toBeGreaterThan(1)
  })

  it('take the place of those the page was opened with', async () => {
    const { clinic, nadia, place, hours } = await open()
    await nadia.postForm(hours, monday(place)).expect(303)
    const { hidden, html } = await nadia.getForm(`${hours}?location=${place}`)
    expect(html).toContain('name="d1_1_to" value="17:00"')
    const replaces = hidden.replaces!
    await nadia.postForm(hours, { ...monday(place, '10:00', '12:00'), replaces }).expect(303)
    expect(await week(clinic)).toEqual(['1 10-12'])
    const late = await nadia.postForm(hours, { ...monday(place, '08:00', '09:00'), replaces }).expect(409)
    expect(wordsOf(late.text)).toContain('Someone changed these hours in the meantime')
    expect(late.text).toContain('value="08:00"')
    expect(await week(clinic)).toEqual(['1 10-12'])
  })

  it('refuse a doctor in two places at once, saying where and when', async () => {
    const { clinic, nadia, place, hours } = await open()
    const other = await makeLocation(clinic, { name: 'Gulshan' })
    await makeShift(clinic, { locationId: other.id, weekdays: [1], from: '16:00', to: '20:00' })
    const answer = await nadia.postForm(hours, monday(place)).expect(409)
    const page = wordsOf(answer.text)
    expect(page).toContain('Already at Gulshan on Monday, 4:00 pm – 8:00 pm.')
    expect(answer.text).toContain('name="d1_1_to" value="17:00"')
    expect(await week(clinic)).toEqual(['1 16-20'])
    await nadia.postForm(hours, monday(place, '09:00', '16:00')).expect(303)
  })

  it('refuse a night that runs into the morning of another place', async () => {
    const { clinic, nadia, place, hours } = await open()
    const other = await makeLocation(clinic, { name: 'Gulshan' })
    await makeShift(clinic, { locationId: other.id, weekdays: [7], from: '22:00', to: '03:00' })
    await nadia.postForm(hours, monday(place, '02:00', '06:00')).expect(409)
    await nadia.postForm(hours, monday(place, '03:00', '06:00')).expect(303)
  })

  it('may overlap those of another doctor, and those of other dates', async () => {
    const { clinic, nadia, place, hours } = await open()
    const hamid = await makePractitioner(clinic)
    await makeShift(clinic, { practitionerId: hamid.id, weekdays: [1] })
    await makeShift(clinic, { weekdays: [1], validTo: '2026-12-31' })
    await nadia.postForm(hours, { ...monday(place), valid_from: '2026-12-20' }).expect(409)
    await nadia.postForm(hours, { ...monday(place), valid_from: '2027-01-01' }).expect(303)
    expect(await week(clinic)).toEqual(['1 9-17 ..2026-12-31', '1 9-17 2027-01-01..'])
  })

  it('for some dates pause the usual ones, which go on afterwards', async () => {
    const { clinic, nadia, place, hours } = await open()
    await nadia.postForm(hours, monday(place)).expect(303)
    const ramadan = { ...monday(place, '10:00', '14:00'), valid_from: '2027-02-08', valid_to: '2027-03-09' }
    await nadia.postForm(hours, ramadan).expect(409)
    await nadia.postForm(hours, { ...ramadan, pause: 'yes' }).expect(303)
    expect(await week(clinic)).toEqual(['1 10-14 2027-02-08..2027-03-09', '1 9-17 ..2027-02-07', '1 9-17 2027-03-10..'])
  })

  it.each([
    ['nothing at all', {}, 'Enter hours for at least one day'],
    ['half a row', { d1_1_from: '09:00', d1_1_to: '' }, 'Enter when it ends'],
    ['overlapping rows', { d1_1_from: '09:00', d1_1_to: '13:00', d1_2_from: '12:00', d1_2_to: '15:00' }, 'overlap others'],
    ['dates the wrong way round', { d1_1_from: '09:00', d1_1_to: '13:00', valid_from: '2027-02-01', valid_to: '2027-01-01' }, 'must not be before'],
    ['a date that is none', { d1_1_from: '09:00', d1_1_to: '13:00', valid_from: '2027-02-30' }, 'Enter a real date'],
  ])('refuse %s', async (_what, typed, words) => {
    const { clinic, nadia, place, hours } = await open()
    const answer = await nadia.postForm(hours, { location: place, ...typed }).expect(422)
    expect(wordsOf(answer.text)).toContain(words)
    expect(await week(clinic)).toEqual([])
  }) // prettier-ignore

  it('refuse a place that is not the clinic’s', async () => {
    const { nadia, hours } = await open()
    await nadia.postForm(hours, monday('')).expect(422)
    await nadia.postForm(hours, monday('0191b2c4-0000-7000-8000-000000000000')).expect(404)
  })

  it('gain, lose and copy rows without JavaScript and without being saved', async () => {
    const { clinic, nadia, place, hours } = await open()
    const typed = { ...monday(place), d2_1_from: '08:00', d2_1_to: '12:00' }
    const more = (await nadia.postForm(hours, { ...typed, do: 'add:1' }).expect(200)).text
    expect(more).toContain('name="d1_2_from" value=""')
    expect(more).toContain('name="d1_1_from" value="09:00"')
    const fewer = (await nadia.postForm(hours, { ...typed, do: 'remove:1:1' }).expect(200)).text
    expect(fewer).not.toContain('name="d1_1_from"')
    const copied = await nadia
      .postForm(hours, { ...typed, do: 'copy', copy_from: '1', copy_to: ['2', '6'] })
      .expect(200)
    expect(copied.text).toContain('name="d2_1_from" value="09:00"')
    expect(copied.text).toContain('name="d6_1_to" value="17:00"')
    expect(await week(clinic)).toEqual([])
  })

  it('are removed, and come back by an undo that does not come twice', async () => {
    const { clinic, nadia, place, hours } = await open()
    await nadia.postForm(hours, monday(place)).expect(303)
    const { hidden } = await nadia.getForm(`${hours}?location=${place}`)
    const { replaces } = hidden
    await nadia.postForm(`${hours}/removal`, { replaces: replaces! }).expect(303)
    expect(await week(clinic)).toEqual([])
    await nadia.postForm(`${hours}/removal`, { replaces: replaces! }).expect(303)
    expect(wordsOf((await nadia.get(`/app/${clinic.slug}/settings/hours`)).text)).toContain('Someone changed this')
    await nadia.postForm(`${hours}/removal/undo`).expect(303)
    expect(await week(clinic)).toEqual(['1 9-17'])
    await nadia.postForm(`${hours}/removal/undo`).expect(303)
    expect(await week(clinic)).toEqual(['1 9-17'])
  })

  it('of one doctor saved by two people at once are those of one of them', async () => {
    const { clinic, nadia, place, hours } = await open()
    const also = await clinic.as(clinic.cast.nadia)
    const answers = await Promise.all([
      nadia.postForm(hours, monday(place)),
      also.postForm(hours, monday(place, '12:00', '20:00')),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
    expect(await week(clinic)).toHaveLength(1)
  })
})

describe('closures', () => {
  const closures = async (clinic: TestClinic) =>
    (await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))).map(
      ({ startsAt, endsAt }) => `${startsAt.toString()} ${endsAt.toString()}`,
    )
  const closure = (fields: Record<string, string> = {}): Fields => ({
    who: 'clinic',
    reason: 'Eid',
    from_date: '2026-12-24',
    from_time: '',
    to_date: '',
    to_time: '',
    ...fields,
  })

  it.each([
    ['one whole day', {}, '2026-12-23T19:00:00Z 2026-12-24T19:00:00Z'],
    ['whole days, the last included', { to_date: '2026-12-26' }, '2026-12-23T19:00:00Z 2026-12-26T19:00:00Z'],
    ['some hours', { from_time: '13:00', to_time: '14:30' }, '2026-12-24T08:00:00Z 2026-12-24T09:30:00Z'],
    ['the rest of a day', { from_time: '13:00' }, '2026-12-24T08:00:00Z 2026-12-24T19:00:00Z'],
    ['a night', { from_time: '22:00', to_date: '2026-12-25', to_time: '6:00' }, '2026-12-24T17:00:00Z 2026-12-25T01:00:00Z'],
  ])('close %s', async (_what, fields, span) => {
    const { clinic, nadia, base } = await open()
    await nadia.postForm(`${base}/closures`, closure(fields)).expect(303)
    expect(await closures(clinic)).toEqual([span])
  }) // prettier-ignore

  it('are for everybody, one place or one doctor', async () => {
    const { clinic, nadia, base, place, sana } = await open()
    await nadia.postForm(`${base}/closures`, closure({ who: `location:${place}` })).expect(303)
    await nadia.postForm(`${base}/closures`, closure({ who: `doctor:${sana}`, from_date: '2026-12-28' })).expect(303)
    const found = await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))
    expect(found).toMatchObject([{ locationId: place }, { practitionerId: sana }])
    for (const who of ['doctor:0191b2c4-0000-7000-8000-000000000000', `doctor:${place}`]) {
      await nadia.postForm(`${base}/closures`, closure({ who })).expect(404)
    }
    await nadia.postForm(`${base}/closures`, closure({ who: 'everyone' })).expect(422)
  })

  it('say how many visits are booked in that time', async () => {
    const { clinic, nadia, base, sana } = await open()
    await makeAppointment(clinic, { on: '2026-12-24', at: '10:00' })
    await makeAppointment(clinic, { on: '2026-12-25', at: '10:00' })
    const hamid = await makePractitioner(clinic)
    await nadia.postForm(`${base}/closures`, closure({ who: `doctor:${hamid.id}` })).expect(303)
    expect(wordsOf((await nadia.get(`${base}/closures`)).text)).toContain('Your page no longer offers these times.')
    await nadia.postForm(`${base}/closures`, closure({ who: `doctor:${sana}` })).expect(303)
    expect(wordsOf((await nadia.get(`${base}/closures`)).text)).toContain('1 visit is booked in this time')
  })

  it.each([
    ['no day', { from_date: '' }, 'Enter the first day'],
    ['a day that is none', { from_date: '2026-02-30' }, 'Enter a real date'],
    ['no reason', { reason: ' ' }, 'Enter a reason'],
    ['an end before the beginning', { to_date: '2026-12-20' }, 'The end must be after the beginning'],
    ['an end at the beginning', { from_time: '13:00', to_time: '13:00' }, 'The end must be after the beginning'],
    ['what is over', { from_date: '2026-11-20' }, 'This is already over'],
    ['more than a year', { to_date: '2028-01-01' }, 'at most a year'],
    ['a time that is none', { from_time: '25:00' }, 'Enter a time like'],
  ])('refuse %s and keep what was typed', async (_what, fields, words) => {
    const { clinic, nadia, base } = await open()
    const answer = await nadia.postForm(`${base}/closures`, closure(fields)).expect(422)
    expect(wordsOf(answer.text)).toContain(words)
    for (const typed of Object.values(fields)) if (typed.trim() !== '') expect(answer.text).toContain(typed)
    expect(await closures(clinic)).toEqual([])
  })

  it.each([
    ['London', 'GB', 'Europe/London', '2027-03-28', '01:30', 'from'],
    ['London', 'GB', 'Europe/London', '2027-10-31', '01:30', 'from'],
    ['Cairo', 'EG', 'Africa/Cairo', '2027-04-30', '00:30', 'from'],
    ['New York', 'US', 'America/New_York', '2027-03-14', '02:30', 'to'],
  ])('in %s (%s) ask about a time of a clock change: %s %s %s', async (_city, country, zone, date, time, end) => {
    const { clinic, nadia, base } = await open({ country, zone })
    const times = end === 'from' ? { from_time: time } : { from_time: '00:15', to_time: time }
    const answer = await nadia.postForm(`${base}/closures`, closure({ from_date: date, ...times })).expect(422)
    expect(wordsOf(answer.text)).toContain('this time is skipped or comes twice')
    expect(answer.text).toContain(`href="#f-${end}_time"`)
    expect(await closures(clinic)).toEqual([])
  })

  it('of a whole day last as long as the day does', async () => {
    const { clinic, nadia, base } = await open({ country: 'GB', zone: 'Europe/London' })
    await nadia.postForm(`${base}/closures`, closure({ from_date: '2027-03-28' })).expect(303)
    await nadia.postForm(`${base}/closures`, closure({ from_date: '2027-10-31' })).expect(303)
    const found = await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))
    expect(found.map(({ startsAt, endsAt }) => startsAt.until(endsAt).total('hours'))).toEqual([23, 25])
    const page = wordsOf((await nadia.get(`${base}/closures`)).text)
    expect(page).toContain('Sun, 28 Mar 2027')
    const cairo = await open({ country: 'EG', zone: 'Africa/Cairo' })
    await cairo.nadia.postForm(`${cairo.base}/closures`, closure({ from_date: '2027-04-30' })).expect(303)
    expect(await closures(cairo.clinic)).toEqual(['2027-04-29T22:00:00Z 2027-04-30T21:00:00Z'])
  })

  it('are removed, and come back by an undo that does not come twice', async () => {
    const { clinic, nadia, base } = await open()
    await nadia.postForm(`${base}/closures`, closure()).expect(303)
    const [closed] = await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))
    const path = `${base}/closures/${closed!.id}/removal`
    await nadia.postForm(path).expect(303)
    expect(await closures(clinic)).toEqual([])
    const page = (await nadia.get(`${base}/closures`)).text
    expect(page).toContain(`action="${path}/undo"`)
    await nadia.postForm(`${path}/undo`).expect(303)
    await nadia.postForm(`${path}/undo`).expect(303)
    expect(await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))).toEqual([closed])
    await nadia.postForm(`${base}/closures/0191b2c4-0000-7000-8000-000000000000/removal`).expect(404)
  })

  it('that are over are no longer listed', async () => {
    const { clinic } = await open()
    const now = Temporal.Instant.from('2026-11-24T07:00:00Z')
    await app.superuser(
      `insert into clinic.closures (clinic_id, id, starts_at, ends_at, reason, created_at) values
       ($1, gen_random_uuid(), '2026-11-24T06:00Z', '2026-11-24T07:00Z', 'over', now()),
       ($1, gen_random_uuid(), '2026-11-24T06:00Z', '2026-11-24T07:01Z', 'running', now()),
       ($1, gen_random_uuid(), '2026-11-30T06:00Z', '2026-11-30T07:00Z', 'later', now())`,
      [clinic.id],
    )
    const reasons = async (range: { from: Temporal.Instant; to?: Temporal.Instant }) =>
      (await clinic.inClinic((ctx) => listClosures(ctx, range))).map(({ reason }) => reason)
    expect(await reasons({ from: now })).toEqual(['running', 'later'])
    expect(await reasons({ from: now, to: now.add({ hours: 24 }) })).toEqual(['running'])
  })
})
