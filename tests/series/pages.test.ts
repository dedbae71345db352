import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { findAnswers } from '../../src/features/appointments/queries.ts'
import { questionsOf } from '../../src/features/appointments/rules/answers.ts'
import { getSettings } from '../../src/features/availability/actions.ts'
import { replaceQuestionsOf, type AskedQuestion } from '../../src/features/clinics/queries/services.ts'
import { slotText } from '../../src/features/desk/rules.ts'
import { valueOf } from '../appointments/scene.ts'
import { makePractitioner, makeShift } from '../support/factories.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { seriesScene } from './scene.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ simulator: true })
})
afterAll(() => app.stop())

/** The fields a plan's form would send as it stands. */
function fieldsOf(html: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    if (name && name !== '_csrf') fields[name] = (value ?? '').replaceAll('&amp;', '&').replaceAll('&#34;', '"')
  }
  return fields
}
/** Everything it would send: what is hidden, typed, chosen and ticked. */
function formOf(html: string): Record<string, string> {
  const plain = (text = '') => text.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
  const form = html.slice(html.indexOf('class="series"'))
  const fields: Record<string, string> = {}
  for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
    const read = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]
    const ticked = !/ type="(radio|checkbox)"/.test(tag) || tag.includes(' checked')
    const name = read('name')
    if (name && name !== '_csrf' && ticked) fields[name] = plain(read('value'))
  }
  for (const [, name, options] of form.matchAll(/<select[^>]* name="([^"]+)"[^>]*>(.*?)<\/select>/gs)) {
    if (name) fields[name] = plain(/<option value="([^"]*)" selected/.exec(options ?? '')?.[1])
  }
  return fields
}
/** Where the summary on top leads. */
const errorsOf = (html: string) =>
  [...(/class="error-summary".*?<\/ul>/s.exec(html)?.[0] ?? '').matchAll(/href="([^"]+)"/g)].map(([, to]) => to)
const rule = { repeat: 'week', step: '1', ends: 'count', count: '4' }

async function desk() {
  const scene = await seriesScene(app)
  const bilal = await scene.clinic.as(scene.clinic.cast.bilal)
  return { ...scene, bilal, base: `/app/${scene.clinic.slug}` }
}

describe('from the booking panel', () => {
  it('shows every date before anything is booked, then books them all', async () => {
    const { bilal, base, at, stand } = await desk()
    const typed = {
      name: 'Maryam Iqbal',
      phone: '0300 1234567',
      agreed: 'yes',
      language: 'en',
      slot: slotText(at('10:00')),
    }
    const sent = await bilal.postForm(`${base}/appointments/new`, { ...typed, repeat: 'week' })
    expect([sent.status, sent.headers.location]).toEqual([307, `${base}/series/plan`])
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    expect(shown.status).toBe(200)
    expect(shown.text).toContain('Book all 4 visits')
    expect(shown.text).toContain('Maryam Iqbal')
    expect(await stand()).toEqual([])
    const booked = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(booked.status).toBe(303)
    expect((await stand()).map(({ index }) => index)).toEqual([1, 2, 3, 4])
    const page = await bilal.get(String(booked.headers.location))
    expect(page.text).toContain('Visit 3 of 4')
    expect(page.text).toContain('Undo all of it')
    expect((await bilal.get(`${base}/today?date=2026-12-09`)).text).toContain('Visit 3 of 4')
  })

  it('asks who it is for before it shows any dates', async () => {
    const { bilal, base, at } = await desk()
    const sent = await bilal.postForm(`${base}/appointments/new`, { slot: slotText(at('10:00')), repeat: 'week' })
    expect(sent.status).toBe(422)
  })

  it('shows the plan again when a date went meanwhile, and says which', async () => {
    const { bilal, base, at, bookByPhone, stand } = await desk()
    const typed = { name: 'Maryam Iqbal', phone: '0300 1234567', slot: slotText(at('10:00')) }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const again = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(again.status).toBe(409)
    expect(again.text).toContain('This time was free when you looked')
    expect(again.text).toContain('Somebody else has this time')
    expect(await stand()).toHaveLength(1)
    const pick = /name="pick_2026-12-02" value="([^"]+)"/.exec(again.text)?.[1] ?? ''
    const chosen = { ...fieldsOf(again.text), ...rule, 'pick_2026-12-02': pick }
    expect((await bilal.postForm(`${base}/series`, chosen)).status).toBe(303)
    expect(await stand()).toHaveLength(5)
  })

  it('is never a date nobody decided about', async () => {
    const { bilal, base, at, bookByPhone } = await desk()
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const typed = { name: 'Maryam Iqbal', phone: '0300 1234567', slot: slotText(at('10:00')) }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    const answer = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('1 date is not free')
  })
})

describe('an answer that does not fit', () => {
  const caller = { name: 'Maryam Iqbal', phone: '0300 1234567' }
  type Scene = Awaited<ReturnType<typeof desk>>
  /** The service as its owner saves it. */
  const asks = async ({ clinic, service }: Scene, ...questions: AskedQuestion[]) => {
    await clinic.inClinic(async (ctx) => {
      await replaceQuestionsOf(ctx, service.id, questions)
      ctx.settingsChanged()
    })
    return clinic.inClinic(async (ctx) => questionsOf(await getSettings(ctx), service.id))
  }
  const side = (...choices: string[]) => ({ kind: 'choice' as const, label: 'Which side?', choices, required: true })
  const why = { kind: 'text' as const, label: 'Why do you come?', choices: [], required: true }
  /** What each visit of the series has under its questions. */
  const answered = async ({ clinic }: Scene) => {
    const visits = await app.superuser<{ id: AppointmentId }>(
      'select id from clinic.appointments where clinic_id = $1 and series_id is not null order by starts_at',
      [clinic.id],
    )
    return clinic.inClinic((ctx) => Promise.all(visits.map(({ id }) => findAnswers(ctx, id))))
  }

  it('is put right where the dates are, with everything else as it was chosen', async () => {
    const scene = await desk()
    const { bilal, base, at, bookByPhone, stand } = scene
    valueOf(await bookByPhone(at('10:00', '2026-12-09')))
    const [first, second] = await asks(scene, side('Left', 'Right'), why)
    const [sideField, whyField] = [`q_${first!.id}`, `q_${second!.id}`]
    const every2 = { repeat: 'week', step: '2', ends: 'count', count: '5' }
    const typed = { ...caller, agreed: 'yes', slot: slotText(at('10:00')), [sideField]: 'Left', [whyField]: 'My knee' }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...every2 })
    expect([shown.status, errorsOf(shown.text)]).toEqual([200, []])
    // The clinic changes what may be answered while the desk decides about the dates.
    expect((await asks(scene, why, side('Right', 'Both'))).map(({ id }) => id)).toEqual([second!.id, first!.id])
    const other = /name="pick_2026-12-09" value="([^"]+)"/.exec(shown.text)?.[1] ?? ''
    const decided = { 'pick_2026-12-09': other, 'leave_2026-12-23': 'yes' }
    const refused = await bilal.postForm(`${base}/series`, { ...formOf(shown.text), ...decided })
    expect(refused.status).toBe(422)
    expect(errorsOf(refused.text)).toEqual([`#f-${sideField}`])
    expect(refused.text).toContain(`id="f-${sideField}-error"`)
    expect(refused.text).toContain('This is not one of the choices any more. Choose another one, or leave it open.')
    expect(await stand()).toHaveLength(1)
    expect(formOf(refused.text)).toMatchObject({
      ...caller,
      ...every2,
      agreed: 'yes',
      [sideField]: 'Left',
      [whyField]: 'My knee',
      'at_2026-12-09': other,
      'pick_2026-12-23': 'leave_out',
    })
    // Looking once more loses nothing and hides nothing either.
    const looked = await bilal.postForm(`${base}/series/plan`, formOf(refused.text))
    expect([looked.status, errorsOf(looked.text)]).toEqual([422, [`#f-${sideField}`]])
    const booked = await bilal.postForm(`${base}/series`, { ...formOf(looked.text), [sideField]: 'Both' })
    expect(booked.status).toBe(303)
    expect(await stand()).toHaveLength(5)
    const said = [
      { question: 'Why do you come?', kind: 'text', answer: 'My knee' },
      { question: 'Which side?', kind: 'choice', answer: 'Both' },
    ]
    expect(await answered(scene)).toEqual([said, said, said, said])
  })

  it('is said at its field when it is too long, and may be left open', async () => {
    const scene = await desk()
    const { bilal, base, at, stand } = scene
    const [question] = await asks(scene, why)
    const field = `q_${question!.id}`
    const typed = { ...caller, slot: slotText(at('10:00')), [field]: 'knee '.repeat(41) }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    expect([shown.status, errorsOf(shown.text)]).toEqual([422, [`#f-${field}`]])
    expect(shown.text).toContain('This is too long. Please shorten it.')
    expect(formOf(shown.text)[field]).toBe('knee '.repeat(41))
    expect((await bilal.postForm(`${base}/series`, formOf(shown.text))).status).toBe(422)
    expect(await stand()).toEqual([])
    expect((await bilal.postForm(`${base}/series`, { ...formOf(shown.text), [field]: '' })).status).toBe(303)
    expect(await answered(scene)).toEqual([[], [], [], []])
  })

  it('is said together with a date that has to be decided', async () => {
    const scene = await desk()
    const { bilal, base, at, bookByPhone } = scene
    valueOf(await bookByPhone(at('10:00', '2026-12-02')))
    const [question] = await asks(scene, side('Left', 'Right'))
    const typed = { ...caller, slot: slotText(at('10:00')), [`q_${question!.id}`]: 'Both' }
    const shown = await bilal.postForm(`${base}/series/plan`, { ...typed, ...rule })
    const refused = await bilal.postForm(`${base}/series`, formOf(shown.text))
    expect([refused.status, errorsOf(refused.text)]).toEqual([422, [`#f-q_${question!.id}`]])
    expect(refused.text).toContain('1 date is not free')
  })
})

describe('of a visit', () => {
  it('repeats it, moves what is left of it and takes that back', async () => {
    const { bilal, base, at, bookByPhone, stand } = await desk()
    const visit = valueOf(await bookByPhone(at('10:00')))
    expect((await bilal.get(`${base}/appointments/${visit.id}`)).text).toContain('Repeat this visit')
    const shown = await bilal.get(`${base}/appointments/${visit.id}/repeat?count=4`)
    const booked = await bilal.postForm(`${base}/series`, { ...fieldsOf(shown.text), ...rule })
    expect(booked.status).toBe(303)
    const own = await bilal.get(`${base}/appointments/${visit.id}`)
    expect(own.text).toContain('Visit 1 of 4')
    const slot = slotText(at('15:00'))
    const sent = await bilal.postForm(`${base}/appointments/${visit.id}/move`, { slot, scope: 'later' })
    expect([sent.status, sent.headers.location]).toEqual([307, `${base}/appointments/${visit.id}/later/move`])
    const plan = await bilal.postForm(`${base}/appointments/${visit.id}/later/move`, { slot })
    expect(plan.text).toContain('Move 4 visits')
    const moved = await bilal.postForm(`${base}/appointments/${visit.id}/later/move`, fieldsOf(plan.text))
    expect(moved.status).toBe(303)
    expect((await stand()).every(({ at: when }) => when.endsWith('15:00'))).toBe(true)
    const undone = await bilal.postForm(`${String(moved.headers.location)}/undo`)
    expect(undone.status).toBe(303)
    expect((await stand()).every(({ at: when }) => when.endsWith('10:00'))).toBe(true)
  })

  it('moves what is left to another doctor at the same times, and says so when nothing is another', async () => {
    const { clinic, bilal, base, repeat, locationId } = await desk()
    const hamid = await makePractitioner(clinic, { name: 'Dr Hamid' })
    await makeShift(clinic, { practitionerId: hamid.id, locationId })
    const { visits } = await repeat()
    const { id, practitionerId } = visits[4]!
    const own = `${base}/appointments/${id}/later`
    const same = await bilal.postForm(`${own}/move`, { time: '10:00', practitioner: practitionerId })
    expect([same.status, same.headers.location]).toEqual([303, own])
    expect((await bilal.get(own)).text).toContain('Change the time or the doctor first.')
    const plan = await bilal.postForm(`${own}/move`, { time: '10:00', practitioner: hamid.id })
    expect(plan.text).toContain('Move 2 visits')
    expect((await bilal.postForm(`${own}/move`, fieldsOf(plan.text))).status).toBe(303)
    const stand = await app.superuser<{ at: string; hamid: boolean }>(
      `select to_char(starts_at at time zone 'Asia/Karachi', 'HH24:MI') as at, practitioner_id = $2 as hamid
       from clinic.appointments where clinic_id = $1 order by series_index`,
      [clinic.id, hamid.id],
    )
    expect(stand.map((visit) => visit.hamid)).toEqual([false, false, false, false, true, true])
    expect(new Set(stand.map(({ at }) => at))).toEqual(new Set(['10:00']))
  })

  it('cancels what is left after saying what that is', async () => {
    const { bilal, base, repeat, stand } = await desk()
    const { visits } = await repeat()
    const page = await bilal.get(`${base}/appointments/${visits[4]!.id}/later`)
    expect(page.text).toContain('Cancel all 2 visits')
    await bilal.postForm(`${base}/appointments/${visits[4]!.id}/later/cancellation`).expect(303)
    expect((await stand()).filter(({ status }) => status === 'cancelled')).toHaveLength(2)
  })
})

describe('what the patient reads', () => {
  it('is one message with all dates it is still true of', async () => {
    const { clinic, repeat, move, cancel } = await desk()
    const { visits } = await repeat()
    valueOf(await cancel(visits[5]!.id))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    const bodies = async () =>
      clinic.inClinic(async (ctx) => {
        const rows = await app.superuser<{ id: string; body: Buffer }>(
          `select id, body_sealed as body from clinic.messages
           where clinic_id = $1 and status = 'accepted' order by created_at`,
          [clinic.id],
        )
        return rows.map(({ id, body }) => ctx.seal.open(body, 'messages.body', id))
      })
    const [first, ...none] = await bodies()
    expect(none).toEqual([])
    for (const date of ['25 Nov', '2 Dec', '9 Dec', '16 Dec', '23 Dec']) expect(first).toContain(date)
    expect(first).not.toContain('30 Dec')
    valueOf(await move(visits[3]!.id, '12:00', '2026-12-17'))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    const [, second, ...more] = await bodies()
    expect(more).toEqual([])
    expect(second).toContain('17 Dec')
    expect(second).toContain('24 Dec')
    expect(second).not.toContain('25 Nov')
    valueOf(await cancel(visits[3]!.id))
    app.clock.advance({ minutes: 4 })
    await dispatchDue(app.services)
    expect((await bodies())[2]).toContain('cancelled')
  })
})
