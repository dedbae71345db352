// Joining the waiting list as patients see it: the form, the code, and why not.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { ServiceId } from '../../../kernel/ids.ts'
import { callingCode, phoneText, type Phone } from '../../../kernel/phone.ts'
import { dateAt, type PlainDate } from '../../../kernel/time.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { offerOf } from '../../availability/actions.ts'
import { currentWordingKey } from '../../consents/rules.ts'
import { longestWaitDays, type FreeSlot } from '../../waitlist/rules.ts'
import { fieldIn, usualSpan, wishFields } from '../../waitlist/rules/words.ts'
import { clinicPhone, headOf, homeOf, type Scene } from './frame.ts'
import { buttonOf } from './times.ts'

/** What the form is about, and where it goes. */
export type WaitingAsk = {
  action: string
  back: { href: string; label: string }
  /** Of the visit something sooner is looked for, with no name or number to type. */
  sooner: Appointment | undefined
}

/** What stands in a form nobody has typed in: what was looked at before, and whichever day and time. */
export function freshWish(
  scene: Scene,
  asked: {
    service?: string | undefined
    practitioner?: string | undefined
    location?: string | undefined
    date?: PlainDate | undefined
  },
): Record<string, string> {
  return {
    ...(asked.service === undefined ? {} : { service: asked.service }),
    ...(asked.location === undefined ? {} : { location: asked.location }),
    ...(asked.practitioner === undefined ? {} : { practitioners: asked.practitioner }),
    ...usualSpan(dateAt(scene.now, scene.clinic.zone), asked.date),
  }
}

export function waitingPage(
  scene: Scene,
  ask: WaitingAsk,
  form: Form = emptyForm,
  free: readonly FreeSlot[] = [],
): View {
  const { clinic, speaker, settings, url } = scene
  const { t } = speaker
  const field = fieldIn(form)
  const today = dateAt(scene.now, clinic.zone)
  const last = ask.sooner ? dateAt(ask.sooner.startsAt, clinic.zone) : today.add({ days: longestWaitDays })
  const wish = wishFields(speaker, form, {
    doctors: doctorsFor(scene, ask.sooner?.serviceId),
    places: settings.locations.filter(({ active }) => active),
    today,
    last,
  })
  return view('booking/waiting', {
    title: t(ask.sooner ? 'waitlist.sooner.title' : 'waitlist.join.title'),
    lead: ask.sooner
      ? t('waitlist.sooner.lead', { when: speaker.longDateTime(ask.sooner.startsAt) })
      : t('waitlist.join.lead', { clinic: clinic.name }),
    clinic: headOf(scene),
    back: ask.back,
    form,
    scripts: ['/js/error-summary.js'],
    action: ask.action,
    who: ask.sooner === undefined,
    free: free.length === 0 ? undefined : freeOf(scene, ask, free),
    what: [...(ask.sooner ? [] : [serviceField()]), ...wish.doctors, ...wish.places],
    when: wish.when,
    dates: wish.dates,
    person: [
      field({ name: 'name', label: t('booking.details.name'), autocomplete: 'name', maxlength: 80 }),
      field({
        name: 'phone',
        label: t('booking.details.phone'),
        hint: t('booking.details.phone_hint', { code: `\u2066${callingCode(clinic.country)}\u2069` }),
        type: 'tel',
        autocomplete: 'tel',
      }),
    ],
    consent: field({
      name: 'consent',
      label: t(currentWordingKey('waiting'), { clinic: clinic.name }),
      hint: t('waitlist.join.consent_hint'),
      type: 'checkbox',
    }),
    phone: clinicPhone(scene),
  })

  function serviceField() {
    const services = settings.services.filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
    return field({
      name: 'service',
      label: t('booking.times.service'),
      type: 'select',
      value: form.values.service ?? services[0]?.id ?? '',
      options: services.map(({ id, name }) => ({ value: id, label: name })),
    })
  }

  function freeOf(at: Scene, { sooner }: WaitingAsk, slots: readonly FreeSlot[]) {
    const [first] = slots
    const buttons = slots.map(({ practitionerId, locationId, startsAt }) =>
      buttonOf(
        at,
        { practitionerId, locationId: undefined },
        { startsAt: startsAt.epochMilliseconds, practitionerId, locationId, lane: 1 },
      ),
    )
    return {
      action: sooner ? ask.action.replace(/\/sooner.*$/, '/move') : url(`/c/${clinic.slug}/holds`),
      serviceId: first?.serviceId ?? '',
      slots: buttons,
    }
  }
}

/** Whoever gives it online, or anything at all. */
const doctorsFor = ({ settings }: Scene, serviceId: ServiceId | undefined) =>
  settings.practitioners.filter(
    ({ id, active }) =>
      active &&
      settings.services.some(
        (service) => (serviceId ?? service.id) === service.id && offerOf(settings, 'patient', service.id, id),
      ),
  )

export function waitingCodePage(
  scene: Scene,
  draft: { path: string; backHref: string; number: Phone },
  form: Form = emptyForm,
  options: { wrong?: string; hopeless?: boolean } = {},
): View {
  const { t } = scene.speaker
  return view('booking/waiting-code', {
    title: t('booking.code.title'),
    clinic: headOf(scene),
    back: { href: draft.backHref, label: t('booking.code.change') },
    form,
    wrong: options.wrong,
    hopeless: options.hopeless === true,
    scripts: ['/js/error-summary.js'],
    action: draft.path,
    number: phoneText(draft.number),
    field: {
      name: 'code',
      label: t('booking.code.label'),
      hint: t('booking.code.hint'),
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      dir: 'ltr',
      css: 'input-code',
      value: form.values.code ?? '',
      error: form.errors.code,
    },
    phone: clinicPhone(scene),
  })
}

/** The number told us STOP: no code goes there, and no offer would. */
export function waitingOptedOutPage(scene: Scene, backHref: string, number: Phone, sender: string): View {
  const { t } = scene.speaker
  return view('booking/opted-out', {
    title: t('booking.opted_out.title'),
    clinic: headOf(scene),
    back: { href: backHref, label: t('booking.code.change') },
    number: phoneText(number),
    startHref: `https://wa.me/${sender.replace(/\D/g, '')}?text=START`,
    phone: clinicPhone(scene),
  })
}

/** Why nobody can be put on the list now, with a way on. */
export function waitingStopPage(
  scene: Scene,
  reason: 'off' | 'has_visit' | 'over' | 'not_offered' | 'restricted' | 'no_consent',
): View {
  const { t } = scene.speaker
  const known = reason === 'has_visit' ? 'has_visit' : 'closed'
  return view('booking/stop', {
    title: t(`waitlist.stop.${known}_title`),
    text: t(`waitlist.stop.${known}_text`),
    clinic: headOf(scene),
    phone: clinicPhone(scene),
    homeHref: homeOf(scene),
  })
}
