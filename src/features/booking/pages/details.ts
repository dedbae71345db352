import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { isolated } from '../../../kernel/names.ts'
import { callingCode, phoneText, type Phone } from '../../../kernel/phone.ts'
import { dateAt, type Instant } from '../../../kernel/time.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { AppointmentId } from '../../../kernel/ids.ts'
import { answerField, longestAnswer, questionsOf } from '../../appointments/rules/answers.ts'
import { offerOf, type SlotWish } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import type { Slot } from '../../availability/rules.ts'
import { currentWordingKey } from '../../consents/rules.ts'
import { instantText } from '../../../kernel/time.ts'
import { queryText } from '../rules/wish.ts'
import { clinicPhone, headOf, homeOf, priceText, summaryOf, type Scene } from './frame.ts'
import { buttonOf } from './times.ts'

export type HoldFacts = {
  id: AppointmentId
  wish: SlotWish
  /** Until when the time is kept; undefined when it is no longer, but still free. */
  keptUntil: Instant | undefined
}

/** The address of a hold, with its time, so that it can be taken again when it lapsed. */
export function holdPath(
  slug: string,
  id: AppointmentId,
  { serviceId, practitionerId, locationId, startsAt }: SlotWish,
) {
  const at = instantText(startsAt.epochMilliseconds)
  return `/c/${slug}/bookings/${id}${queryText({ service: serviceId, practitioner: practitionerId, location: locationId, at })}`
}

function timesHref(scene: Scene, wish: SlotWish, practitioner: string = wish.practitionerId) {
  return homeOf(scene, `/times${queryText({ service: wish.serviceId, practitioner, location: wish.locationId })}`)
}

function heldText({ speaker }: Scene, { keptUntil }: HoldFacts) {
  return keptUntil
    ? speaker.t('booking.details.held', { time: speaker.time(keptUntil) })
    : speaker.t('booking.details.lapsed')
}

/** Why what was sent could not be booked yet: it is said with what can be done about it. */
export type Objection = 'new_only' | 'follow_up_price'

export function detailsPage(scene: Scene, hold: HoldFacts, form: Form = emptyForm, objection?: Objection): View {
  const { clinic, speaker, url } = scene
  const { t } = speaker
  return view('booking/details', {
    title: t('booking.details.title'),
    clinic: headOf(scene),
    back: { href: timesHref(scene, hold.wish), label: t('booking.details.back') },
    form,
    scripts: ['/js/error-summary.js'],
    action: url(holdPath(clinic.slug, hold.id, hold.wish)),
    summary: summaryOf(scene, hold.wish),
    held: heldText(scene, hold),
    objection: objection && objectionOf(scene, hold.wish, objection),
    fields: [
      ...questionFields(scene, hold.wish),
      { name: 'name', label: t('booking.details.name'), autocomplete: 'name' },
      {
        name: 'phone',
        label: t('booking.details.phone'),
        hint: t('booking.details.phone_hint', { code: `\u2066${callingCode(clinic.country)}\u2069` }),
        type: 'tel',
        autocomplete: 'tel',
      },
      {
        name: 'consent',
        label: t(currentWordingKey('booking'), { clinic: clinic.name }),
        hint: t('booking.details.stop'),
        type: 'checkbox',
      },
      {
        name: 'email',
        label: t('booking.details.email'),
        hint: t('booking.details.email_hint'),
        type: 'email',
        autocomplete: 'email',
        required: false,
      },
      ...fullPriceField(scene, hold.wish, objection === 'follow_up_price' || form.values.full_price !== undefined),
    ].map((field) => ({
      ...field,
      value: form.values[field.name] ?? '',
      error: form.errors[field.name],
    })),
    phone: clinicPhone(scene),
  })
}

/** What the service asks, before who it is for: what the visit is about is what people have in mind. */
function questionFields({ settings, speaker: { t } }: Scene, { serviceId }: SlotWish) {
  return questionsOf(settings, serviceId).map(({ id, kind, label, choices, required }) => ({
    name: answerField(id),
    label: isolated(label),
    ...(required ? {} : { required: false }),
    ...(kind === 'text'
      ? { maxlength: longestAnswer, dir: 'auto' }
      : {
          type: kind === 'yes_no' || choices.length <= 5 ? 'radio' : 'select',
          options: [
            ...(kind === 'choice' && choices.length > 5 ? [{ value: '', label: t('booking.details.choose') }] : []),
            ...(kind === 'yes_no'
              ? [
                  { value: 'yes', label: t('booking.details.yes') },
                  { value: 'no', label: t('booking.details.no') },
                ]
              : choices.map((choice) => ({ value: choice, label: choice }))),
          ],
        }),
  }))
}

function fullPriceOf({ settings }: Scene, { serviceId, practitionerId }: SlotWish) {
  const service = settings.services.find(({ id }) => id === serviceId)
  return service && givenBy(settings, service, practitionerId)
}

function fullPriceField(scene: Scene, wish: SlotWish, shown: boolean) {
  const service = fullPriceOf(scene, wish)
  if (!shown || !service) return []
  const price = priceText(scene, service)
  const { t } = scene.speaker
  return [
    {
      name: 'full_price',
      type: 'checkbox',
      label: price === undefined ? t('booking.details.full_price') : t('booking.details.full_price_of', { price }),
    },
  ]
}

/** What stands in the way, and what can be done: other services for whoever has been here, the full price for a follow-up. */
function objectionOf(scene: Scene, wish: SlotWish, objection: Objection) {
  const { settings, speaker } = scene
  const { t } = speaker
  const service = settings.services.find(({ id }) => id === wish.serviceId)
  const doctor = settings.practitioners.find(({ id }) => id === wish.practitionerId)
  const others = settings.services.filter(
    ({ id, newOnly, visitType }) =>
      id !== wish.serviceId &&
      !newOnly &&
      (objection === 'new_only' || visitType === 'examination') &&
      offerOf(settings, 'patient', id, wish.practitionerId),
  )
  return {
    title: t(`booking.objection.${objection}_title`),
    text:
      objection === 'new_only'
        ? t('booking.objection.new_only_text')
        : t('booking.objection.follow_up_price_text', {
            count: service?.followUpDays ?? 0,
            doctor: isolated(doctor?.name ?? ''),
          }),
    links: others.slice(0, 3).map(({ id, name }) => ({
      href: homeOf(scene, `/times${queryText({ service: id, practitioner: wish.practitionerId })}`),
      label: t('booking.objection.other', { service: isolated(name) }),
    })),
  }
}

/** The number told us STOP, so no code goes there: START on WhatsApp, another number, or the telephone. */
export function optedOutPage(scene: Scene, hold: HoldFacts, number: Phone, sender: string): View {
  const { clinic, speaker, url } = scene
  return view('booking/opted-out', {
    title: speaker.t('booking.opted_out.title'),
    clinic: headOf(scene),
    back: { href: url(holdPath(clinic.slug, hold.id, hold.wish)), label: speaker.t('booking.code.change') },
    number: phoneText(number),
    startHref: `https://wa.me/${sender.replace(/\D/g, '')}?text=START`,
    phone: clinicPhone(scene),
  })
}

export function codePage(
  scene: Scene,
  hold: HoldFacts,
  number: Phone,
  form: Form = emptyForm,
  /** Nothing was sent and nothing can be: no use in asking for what did not come. */
  options: { wrong?: string; hopeless?: boolean } = {},
): View {
  const { clinic, speaker, url } = scene
  const { t } = speaker
  const path = holdPath(clinic.slug, hold.id, hold.wish)
  return view('booking/code', {
    title: t('booking.code.title'),
    clinic: headOf(scene),
    back: { href: url(`${path}&edit=1`), label: t('booking.code.change') },
    form,
    wrong: options.wrong,
    hopeless: options.hopeless === true,
    scripts: ['/js/error-summary.js'],
    action: url(path),
    summary: summaryOf(scene, hold.wish),
    held: heldText(scene, hold),
    number: phoneText(number),
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

/** The time is gone: the three nearest, with everything typed still there. */
export function lostPage(
  scene: Scene,
  lost: {
    wish: Omit<SlotWish, 'practitionerId'> & { practitionerId: SlotWish['practitionerId'] | 'any' }
    nearest: Slot[]
  },
  options: { typed?: Record<string, string>; action?: string; timesHref?: string; version?: number | undefined } = {},
): View {
  const { clinic, speaker, url } = scene
  const { wish, nearest } = lost
  const practitioner = wish.practitionerId === 'any' ? '' : wish.practitionerId
  const { typed = {} } = options
  return view('booking/lost', {
    title: speaker.t('booking.lost.title'),
    clinic: headOf(scene),
    lost: speaker.longDateTime(wish.startsAt),
    action: url(options.action ?? `/c/${clinic.slug}/holds`),
    serviceId: wish.serviceId,
    version: options.version,
    typed: Object.entries(typed).filter(([, text]) => text !== ''),
    nearest: nearest.map((slot) =>
      buttonOf(
        scene,
        {
          // A doctor who was not asked for is named.
          practitionerId: wish.practitionerId === 'any' ? 'any' : slot.practitionerId,
          locationId: undefined,
        },
        slot,
      ),
    ),
    timesHref:
      options.timesHref ??
      homeOf(scene, `/times${queryText({ service: wish.serviceId, practitioner, location: wish.locationId })}`),
    waitingHref:
      options.action === undefined && scene.settings.profile.waitlist
        ? homeOf(
            scene,
            `/waiting-list${queryText({ service: wish.serviceId, practitioner, date: dateAt(wish.startsAt, clinic.zone).toString() })}`,
          )
        : undefined,
    phone: clinicPhone(scene),
  })
}

/** What was sent, to be sent once more. */
export type Again = { action: string; fields: Record<string, string> }

/** A limit, said plainly, with a way on: the words are `booking.stop.<kind>`. */
export function stopPage(
  scene: Scene,
  kind: 'too_many_open' | 'too_many_holds' | 'too_many_here',
  again?: Again,
): View {
  const { speaker } = scene
  return view('booking/stop', {
    title: speaker.t(`booking.stop.${kind}_title`),
    text: speaker.t(`booking.stop.${kind}_text`),
    clinic: headOf(scene),
    phone: clinicPhone(scene),
    homeHref: homeOf(scene),
    again: again && { action: again.action, fields: Object.entries(again.fields) },
  })
}

/** A form that was open too long, or came from elsewhere. */
export function expiredPage(scene: Scene, again: string): View {
  const { speaker } = scene
  return view('booking/expired', {
    title: speaker.t('booking.expired.title'),
    clinic: headOf(scene),
    againHref: again,
    phone: clinicPhone(scene),
  })
}
