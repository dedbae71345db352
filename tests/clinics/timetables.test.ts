// Hours for some dates only, when months began, and public holidays, as Nadia enters them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreeSlot, listFreeTimes } from '../../src/features/availability/actions.ts'
import { listClosures, listTimetables } from '../../src/features/clinics/queries.ts'
import { Temporal, timeAt } from '../../src/kernel/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type ClinicFactsOverrides, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeLocation, makeService, makeShift } from '../support/factories.ts'
import { wordsOf, type Agent, type Fields } from '../support/http.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

type Setting = { clinic: TestClinic; nadia: Agent; base: string; place: string; special: string }

async function open(overrides: ClinicFactsOverrides = {}): Promise<Setting> {
  const clinic = await makeClinic(app, overrides)
  const { id: place } = await makeLocation(clinic, { name: 'Clifton' })
  const base = `/app/${clinic.slug}/settings`
  const special = `${base}/hours/${clinic.cast.sana.practitionerId}/special`
  return { clinic, nadia: await clinic.as(clinic.cast.nadia), base, place, special }
}

/** Monday to Sunday the same. */
const everyDay = (from: string, to: string): Fields =>
  Object.fromEntries([1, 2, 3, 4, 5, 6, 7].flatMap((day) => [[`d${day}_1_from`, from], [`d${day}_1_to`, to]])) // prettier-ignore

const ramadan = (place: string, fields: Fields = {}): Fields => ({
  kind: 'hijri',
  location: place,
  month: '9',
  year: '',
  ...everyDay('21:00', '02:00'),
  ...fields,
})

const range = (place: string, from: string, to: string, fields: Fields = everyDay('10:00', '12:00')): Fields => ({
  kind: 'dates',
  location: place,
  valid_from: from,
  valid_to: to,
  ...fields,
})

const day = (place: string, date: string, fields: Fields = { d1_1_from: '10:00', d1_1_to: '12:00' }): Fields => ({
  kind: 'day',
  location: place,
  date,
  ...fields,
})

/** The times a patient is offered on a date, as the clock on the wall says. */
async function times(clinic: TestClinic, serviceId: string, date: string): Promise<string[]> {
  const found = await clinic.inClinic((ctx) =>
    listFreeTimes(ctx, 'desk', {
      serviceId: serviceId as never,
      practitionerId: 'any',
      locationId: undefined,
      from: Temporal.PlainDate.from(date),
      days: 1,
    }),
  )
  const zone = (await clinic.proven()).zone
  return found!.days[0]!.slots.map(({ startsAt }) =>
    timeAt(Temporal.Instant.fromEpochMilliseconds(startsAt), zone).toString({ smallestUnit: 'minute' }),
  )
}

const hours = async ({ clinic }: Setting) =>
  (await clinic.inClinic((ctx) => listTimetables(ctx))).map(({ covers, shifts, locationId }) => ({
    covers: covers.kind === 'dates' ? `${covers.from.toString()}..${covers.to.toString()}` : covers,
    shifts: shifts.length,
    everywhere: locationId === undefined,
  }))

describe('special hours', () => {
  it('by Hijri month take the place of the weekly ones and end by themselves, as the moon is seen', async () => {
    const setting = await open()
    const { clinic, nadia, place, special, base } = setting
    await makeShift(clinic, { locationId: place as never, weekdays: [1, 2, 3, 4, 5, 6, 7], from: '09:00', to: '12:00' })
    const service = await makeService(clinic, { durationMin: 60 })
    await nadia.postForm(special, ramadan(place)).expect(303)
    expect(await hours(setting)).toEqual([
      { covers: { kind: 'hijri_month', month: 9, year: undefined }, shifts: 7, everywhere: false },
    ])
    // 1 Ramadan 1448 is 8 February 2027, 1 Shawwal is 9 March.
    const usual = await times(clinic, service.id, '2027-02-07')
    expect(usual[0]).toBe('09:00')
    expect(await times(clinic, service.id, '2027-02-08')).not.toContain('09:00')
    expect((await times(clinic, service.id, '2027-02-08'))[0]).toBe('21:00')
    const inside = await times(clinic, service.id, '2027-02-09')
    expect([inside[0], inside.at(-1)]).toEqual(['00:00', '23:45'])
    const after = await times(clinic, service.id, '2027-03-09')
    expect(after).toContain('00:00')
    expect(after).toContain('09:00')
    expect(after).not.toContain('21:00')
    // The moon was seen a day later, at either end.
    await nadia.postForm(`${base}/hours/moon`, { m1448_9: '1', m1448_10: '1' }).expect(303)
    expect((await times(clinic, service.id, '2027-02-08'))[0]).toBe('09:00')
    expect((await times(clinic, service.id, '2027-03-09')).at(-1)).toBe('23:45')
    // The next year's as well, by its own calculation.
    expect((await times(clinic, service.id, '2028-01-29')).at(-1)).toBe(undefined)
    const page = wordsOf((await nadia.get(`${base}/hours`)).text)
    expect(page).toContain('Ramadan hours')
    expect(page).toContain('Every year, next 1 Ramadan 1448 to 29 Ramadan 1448')
    expect(page).toContain('Tue, 9 Feb 2027 to Tue, 9 Mar 2027')
  })

  it('confirm the very times they list', async () => {
    const { clinic, nadia, place, special } = await open()
    const service = await makeService(clinic, { durationMin: 30 })
    await nadia.postForm(special, ramadan(place)).expect(303)
    const wish = (startsAt: string) =>
      clinic.inClinic((ctx) =>
        findFreeSlot(ctx, 'desk', {
          serviceId: service.id,
          practitionerId: clinic.cast.sana.practitionerId,
          locationId: place as never,
          startsAt: Temporal.Instant.from(startsAt),
        }),
      )
    expect(await wish('2027-02-08T16:00Z')).toBeDefined() // 21:00 in Karachi
    expect(await wish('2027-02-07T16:00Z')).toBeUndefined()
    expect(await wish('2027-03-08T20:30Z')).toBeDefined() // 01:30 after the last night
    expect(await wish('2027-03-08T21:00Z')).toBeUndefined()
    expect(await wish('2027-03-09T16:00Z')).toBeUndefined()
  })

  it('for a single day go before those of a month, and may be none at all', async () => {
    const setting = await open()
    const { clinic, nadia, place, special } = setting
    const service = await makeService(clinic, { durationMin: 60 })
    await nadia.postForm(special, ramadan(place)).expect(303)
    // Rows of other days, as a page of another kind has them, are none of a single day's.
    const stray = { d2_1_from: '15:00', d2_1_to: '16:00' }
    await nadia.postForm(special, { ...day(place, '2027-02-10'), ...stray }).expect(303)
    await nadia.postForm(special, day(place, '2027-02-11', { off: 'yes' })).expect(303)
    const tenth = await times(clinic, service.id, '2027-02-10')
    expect(tenth).toContain('10:00')
    expect(tenth).not.toContain('21:00')
    expect(tenth).not.toContain('15:00')
    expect(await times(clinic, service.id, '2027-02-11')).toEqual([])
    expect(await times(clinic, service.id, '2027-02-12')).toContain('21:00')
    expect(await hours(setting)).toHaveLength(3)
  })

  it('pause those of other locations only when that is asked', async () => {
    const { clinic, nadia, place, special } = await open()
    const other = await makeLocation(clinic, { name: 'Gulshan' })
    await makeShift(clinic, { locationId: other.id, weekdays: [1], from: '15:00', to: '18:00' })
    const service = await makeService(clinic, { durationMin: 60 })
    await nadia.postForm(special, day(place, '2026-12-07')).expect(303)
    expect(await times(clinic, service.id, '2026-12-07')).toContain('15:00')
    await nadia
      .postForm(special, day(place, '2026-12-14', { d1_1_from: '10:00', d1_1_to: '12:00', everywhere: 'yes' }))
      .expect(303)
    const alone = await times(clinic, service.id, '2026-12-14')
    expect(alone).toContain('10:00')
    expect(alone).not.toContain('15:00')
  })

  it.each([
    ['dates that meet', range('', '2027-01-10', '2027-01-12')],
    ['the month in them', ramadan('')],
  ])('contradict other special hours with %s, which is said at the place', async (_, fields) => {
    const setting = await open()
    const { nadia, place, special } = setting
    await nadia.postForm(special, range(place, '2027-01-01', '2027-02-20')).expect(303)
    const answer = await nadia.postForm(special, { ...fields, location: place }).expect(409)
    const page = wordsOf(answer.text)
    expect(page).toContain('Other special hours of this doctor already cover some of these dates')
    expect(page).toContain('See Special hours, Fri, 1 Jan 2027 to Sat, 20 Feb 2027')
    expect(answer.text).toContain(`value="${String(fields.d1_1_from)}"`)
    expect(await hours(setting)).toHaveLength(1)
  })

  it('refuse a doctor in two places at once, also across the midnight of the last date', async () => {
    const setting = await open()
    const { clinic, nadia, place, special, base } = setting
    const other = await makeLocation(clinic, { name: 'Gulshan' })
    await makeShift(clinic, { locationId: other.id, weekdays: [2], from: '01:00', to: '05:00' })
    // Until 8 March, a Monday: its night reaches into Tuesday.
    const answer = await nadia.postForm(special, ramadan(place)).expect(409)
    expect(wordsOf(answer.text)).toContain('The doctor would be in two places at once')
    expect(wordsOf(answer.text)).toContain('at Gulshan, 1:00 am – 5:00 am, while still at Clifton')
    expect(await hours(setting)).toEqual([])
    await nadia.postForm(special, ramadan(place, { everywhere: 'yes', ...everyDay('21:00', '01:00') })).expect(303)
    // And weekly hours that would meet them elsewhere.
    const weekly = { location: other.id, d3_1_from: '20:00', d3_1_to: '23:00' }
    await nadia.postForm(`${base}/hours/${clinic.cast.sana.practitionerId}`, weekly).expect(303)
    const first = (await clinic.inClinic((ctx) => listTimetables(ctx)))[0]!
    await nadia.postForm(special, ramadan(place, { replaces: first.id, ...everyDay('21:00', '01:00') })).expect(409)
  })

  it.each([
    ['no dates', range('', '', ''), ['Enter the first day', 'Enter the last day']],
    ['dates the wrong way round', range('', '2027-02-01', '2027-01-01'), ['must not be before']],
    ['dates that are over', range('', '2026-01-01', '2026-01-03'), ['already over']],
    ['more than a year', range('', '2027-01-01', '2029-01-01'), ['at most a year']],
    ['no hours', { ...range('', '2027-01-01', '2027-01-02', {}) }, ['Enter hours, or tick that it is time off']],
    ['half a row', range('', '2027-01-01', '2027-01-02', { d1_1_from: '09:00', d1_1_to: '' }), ['Enter when it ends']],
    ['no month', ramadan('', { month: '13' }), ['Choose a month']],
    ['no day', day('', ''), ['Enter the day']],
  ])('refuse %s and keep what was typed', async (_, fields, said) => {
    const setting = await open()
    const { nadia, place, special } = setting
    const answer = await nadia.postForm(special, { ...fields, location: place, name: 'Zaid' }).expect(422)
    for (const words of said) expect(wordsOf(answer.text)).toContain(words)
    expect(answer.text).toContain('value="Zaid"')
    expect(await hours(setting)).toEqual([])
  })

  it('take the place of those the page was opened with, and only once', async () => {
    const setting = await open()
    const { clinic, nadia, place, special } = setting
    await nadia.postForm(special, range(place, '2027-01-01', '2027-01-05')).expect(303)
    const [first] = await clinic.inClinic((ctx) => listTimetables(ctx))
    const page = (await nadia.get(`${special}/${first!.id}`)).text
    expect(page).toContain('value="2027-01-05"')
    expect(wordsOf(page)).toContain('23 Rajab 1448')
    const changed = { ...range(place, '2027-01-01', '2027-01-09'), replaces: first!.id }
    await nadia.postForm(special, changed).expect(303)
    await nadia.postForm(special, changed).expect(409)
    expect((await hours(setting)).map(({ covers }) => covers)).toEqual(['2027-01-01..2027-01-09'])
  })

  it('are removed, and come back by an undo that does not come twice', async () => {
    const setting = await open()
    const { clinic, nadia, place, special } = setting
    await nadia.postForm(special, ramadan(place, { name: 'Nights' })).expect(303)
    const before = await hours(setting)
    const [first] = await clinic.inClinic((ctx) => listTimetables(ctx))
    await nadia.postForm(`${special}/${first!.id}/removal`).expect(303)
    expect(await hours(setting)).toEqual([])
    await nadia.postForm(`${special}/undo`).expect(303)
    expect(await hours(setting)).toEqual(before)
    await nadia.postForm(`${special}/undo`).expect(303)
    expect(await hours(setting)).toEqual(before)
  })

  it('say how many booked visits lie outside them, and time off leads to where they are moved', async () => {
    const { clinic, nadia, place, special, base } = await open()
    await makeShift(clinic, { locationId: place as never, weekdays: [1, 2, 3, 4, 5, 6, 7] })
    const service = await makeService(clinic)
    await makeAppointment(clinic, { service, locationId: place as never, on: '2026-12-07', at: '10:00' })
    await makeAppointment(clinic, { service, locationId: place as never, on: '2026-12-07', at: '14:00' })
    await nadia.postForm(special, day(place, '2026-12-07')).expect(303)
    expect(wordsOf((await nadia.get(`${base}/hours`)).text)).toContain('1 booked visit lies outside them')
    const [first] = await clinic.inClinic((ctx) => listTimetables(ctx))
    const off = await nadia.postForm(special, day(place, '2026-12-07', { off: 'yes', replaces: first!.id })).expect(303)
    const sana = clinic.cast.sana.practitionerId
    expect(off.headers.location).toBe(
      `/app/${clinic.slug}/disruptions/new?practitioner=${sana}&from=2026-12-07&to=2026-12-07`,
    )
  })

  it('of another clinic are not found', async () => {
    const { nadia, place, special } = await open()
    const other = await open()
    await other.nadia.postForm(other.special, ramadan(other.place)).expect(303)
    const [theirs] = await other.clinic.inClinic((ctx) => listTimetables(ctx))
    await nadia.get(`${special}/${theirs!.id}`).expect(404)
    await nadia.get(other.special.replace(other.clinic.slug, 'nowhere')).expect(404)
    await nadia.postForm(special, ramadan(place, { replaces: theirs!.id })).expect(409)
    await nadia.postForm(special, ramadan(other.place)).expect(404)
  })
})

describe('a break', () => {
  it('splits the hours it lies in without saving anything', async () => {
    const setting = await open()
    const { nadia, place, special } = setting
    const typed = range(place, '2027-01-01', '2027-01-05', everyDay('09:00', '17:00'))
    const answer = await nadia
      .postForm(special, { ...typed, do: 'break', break_days: ['1', '5'], break_from: '13:00', break_to: '14:00' })
      .expect(200)
    expect(answer.text).toContain('name="d1_1_to" value="13:00"')
    expect(answer.text).toContain('name="d1_2_from" value="14:00"')
    expect(answer.text).toContain('name="d5_2_to" value="17:00"')
    expect(answer.text).not.toContain('name="d2_2_from"')
    expect(answer.text).toContain('value="2027-01-05"')
    expect(await hours(setting)).toEqual([])
  })

  it('for Friday prayers is one press away, in the weekly hours too', async () => {
    const { clinic, nadia, place, base } = await open()
    const page = `${base}/hours/${clinic.cast.sana.practitionerId}`
    const typed = { location: place, ...everyDay('09:00', '17:00') }
    const answer = await nadia.postForm(page, { ...typed, do: 'friday' }).expect(200)
    expect(answer.text).toContain('name="d5_1_to" value="12:45"')
    expect(answer.text).toContain('name="d5_2_from" value="14:15"')
    expect(answer.text).not.toContain('name="d4_2_from"')
  })

  it('outside of all hours, or on no day, is asked about where it was typed', async () => {
    const { nadia, place, special } = await open()
    const typed = range(place, '2027-01-01', '2027-01-05')
    const outside = await nadia
      .postForm(special, { ...typed, do: 'break', break_days: '1', break_from: '18:00', break_to: '19:00' })
      .expect(200)
    expect(wordsOf(outside.text)).toContain('No hours on these days lie in that time')
    expect(outside.text).toContain('value="18:00"')
    const none = await nadia.postForm(special, { ...typed, do: 'break' }).expect(200)
    expect(wordsOf(none.text)).toContain('Choose at least one day')
  })
})

describe('the moon', () => {
  it('makes no month of 28 or 31 days', async () => {
    const { nadia, base } = await open()
    // Ramadan 1448 has 29 days as calculated.
    const answer = await nadia.postForm(`${base}/hours/moon`, { m1448_9: '1', m1448_10: '0' }).expect(422)
    expect(wordsOf(answer.text)).toContain('A month has 29 or 30 days')
    expect(answer.text).toContain('<option value="1" selected>')
    await nadia.postForm(`${base}/hours/moon`, { m1448_9: '-1', m1448_10: '0' }).expect(303)
    const page = wordsOf((await nadia.get(`${base}/hours/moon`)).text)
    expect(page).toContain('Sun, 7 Feb 2027 to Mon, 8 Mar 2027')
    await nadia.postForm(`${base}/hours/moon`, { m1448_9: '0', m1448_10: '0' }).expect(303)
    expect(wordsOf((await nadia.get(`${base}/hours/moon`)).text)).toContain('Mon, 8 Feb 2027 to Mon, 8 Mar 2027')
  })
})

describe('public holidays', () => {
  const closed = async (clinic: TestClinic) =>
    (await clinic.inClinic((ctx) => listClosures(ctx, { from: ctx.now }))).map(
      ({ startsAt, endsAt, names, shown }) => `${startsAt.toString()} ${endsAt.toString()} ${names?.en} ${shown}`,
    )

  it('are suggested, ticked and closed on in one go, each once', async () => {
    const { clinic, nadia, base } = await open()
    const page = (await nadia.get(`${base}/closures/holidays`)).text
    expect(wordsOf(page)).toContain('Independence Day')
    expect(wordsOf(page)).toContain('Eid al-Fitr')
    expect(await closed(clinic)).toEqual([])
    const ticks = { holiday: ['2027-08-14.2', '2027-03-09.1'], 'shift_2027-03-09.1': '1' }
    await nadia.postForm(`${base}/closures/holidays`, ticks).expect(303)
    const two = [
      '2027-03-09T19:00:00Z 2027-03-12T19:00:00Z Eid al-Fitr true',
      '2027-08-13T19:00:00Z 2027-08-14T19:00:00Z Independence Day true',
    ]
    expect(await closed(clinic)).toEqual(two)
    await nadia.postForm(`${base}/closures/holidays`, ticks).expect(303)
    expect(await closed(clinic)).toEqual(two)
    const again = (await nadia.get(`${base}/closures/holidays`)).text
    expect(again).not.toContain('value="2027-03-09.1"')
    expect(again).toContain('value="2027-03-23.1"')
    expect(wordsOf((await nadia.get(`${base}/closures`)).text)).toContain('Shown to patients')
  })

  it('want a tick, and are none where the country is not known', async () => {
    const { nadia, base } = await open()
    const answer = await nadia.postForm(`${base}/closures/holidays`, { holiday: 'x' }).expect(422)
    expect(wordsOf(answer.text)).toContain('Tick at least one day')
    const elsewhere = await open({ country: 'JO', zone: 'Asia/Amman' })
    const page = await elsewhere.nadia.get(`${elsewhere.base}/closures/holidays`)
    expect(wordsOf(page.text)).toContain('No public holidays are known for your country')
  })

  it('lead to the visits booked on them', async () => {
    const { clinic, nadia, base, place } = await open()
    await makeShift(clinic, { locationId: place as never, weekdays: [1, 2, 3, 4, 5, 6, 7] })
    const service = await makeService(clinic)
    await makeAppointment(clinic, { service, locationId: place as never, on: '2026-12-25', at: '10:00' })
    await nadia.postForm(`${base}/closures/holidays`, { holiday: '2026-12-25.1' }).expect(303)
    const page = await nadia.get(`${base}/closures`)
    expect(wordsOf(page.text)).toContain('1 visit is booked in this time: move or cancel it')
    expect(page.text).toContain(`/app/${clinic.slug}/disruptions/new?from=2026-12-25&amp;to=2026-12-25`)
  })
})
