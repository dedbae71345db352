// Somebody is put on the list at the desk.
import type { Form } from '../../../kernel/forms.ts'
import type { PatientId } from '../../../kernel/ids.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { getSettings } from '../../availability/actions.ts'
import { initialsOf } from '../../clinics/rules.ts'
import { currentWordingKey } from '../../consents/rules.ts'
import { getPatient } from '../../patients/queries.ts'
import { longestWaitDays, type FreeSlot } from '../rules.ts'
import { fieldIn, usualSpan, wishFields } from '../rules/words.ts'
import { at, servicesOf } from './frame.ts'

const isolated = (name: string) => `\u2068${name}\u2069`

export type AddState = {
  patientId: PatientId | undefined
  form: Form
  refused?: string
  /** What is free already of what they would wait for. */
  free?: FreeSlot | undefined
}

/** Adding somebody: who, what suits them, until when. */
export async function addPage(ctx: Ctx, speaker: Speaker, { patientId, form, refused, free }: AddState): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const patient = patientId && (await getPatient(ctx, patientId))
  if (patient && patient.restrictedAt !== null) return notFound('patient')
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const filled = { ...form, values: { ...usualSpan(today), ...form.values } }
  const field = fieldIn(filled)
  const services = servicesOf(settings)
  const wish = wishFields(speaker, filled, {
    doctors: settings.practitioners.filter(({ active }) => active),
    places: settings.locations.filter(({ active }) => active),
    today,
    last: today.add({ days: longestWaitDays }),
  })
  const doctor = free && settings.practitioners.find(({ id }) => id === free.practitionerId)?.name
  return view('waitlist/add', {
    title: t('waitlist.desk.add_title'),
    lead: t('waitlist.desk.add_lead'),
    back: { href: at(ctx, '/waiting-list'), label: t('waitlist.desk.back') },
    scripts: ['/js/error-summary.js'],
    form,
    wrong: free
      ? t('waitlist.desk.free_now', { when: speaker.longDateTime(free.startsAt), doctor: isolated(doctor ?? '') })
      : refused && t(`waitlist.desk.refused.${refused}`),
    bookHref: free && at(ctx, `/appointments/new?${new URLSearchParams({ service: free.serviceId, practitioner: free.practitionerId, date: dateAt(free.startsAt, ctx.clinic.zone).toString(), ...(patientId === undefined ? {} : { patient: patientId }) }).toString()}`),
    action: at(ctx, '/waiting-list/new'),
    patient: patient && { id: patient.id, name: patient.name, phone: phoneText(patient.phone), initials: initialsOf(patient.name) },
    who: [
      field({ name: 'name', label: t('desk.book.name'), autocomplete: 'off', maxlength: 120, dir: 'auto' }),
      field({ name: 'phone', label: t('desk.book.phone'), type: 'tel', autocomplete: 'off' }),
    ],
    what: [field({ name: 'service', label: t('booking.times.service'), type: 'select', options: services }), ...wish.places],
    ticks: [...wish.doctors, ...wish.when],
    dates: wish.dates,
    agreed: field({
      name: 'agreed',
      type: 'checkbox',
      label: t(currentWordingKey('waiting_desk'), { clinic: ctx.clinic.name }),
      hint: t('waitlist.join.consent_hint'),
    }),
    submit: t('waitlist.desk.submit'),
  })
} // prettier-ignore
