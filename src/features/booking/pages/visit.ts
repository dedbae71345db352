import { calendarFile, calendarUid } from '../../../kernel/calendar-file.ts'
import { isolated } from '../../../kernel/names.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Appointment } from '../../appointments/queries.ts'
import type { OtherVisit } from '../../appointments/queries/series.ts'
import { patientMayChange, patientMayConfirm, patientMayReturn, referenceText } from '../../appointments/rules.ts'
import type { Standing } from '../../queue/queries/look.ts'
import { aboutText, tokenText } from '../../queue/rules/words.ts'
import { firstNameOf, queryText } from '../rules/wish.ts'
import { clinicPhone, headOf, homeOf, leafOf, mapOf, priceText, whatsappOf, type Scene } from './frame.ts'

/** What a visit's own page says first, when something has just happened on it. */
export type News = 'booked' | 'confirmed' | 'moved' | 'cancelled' | 'too_late' | 'changed' | 'closed'

/**
 * `standing` is the visit's place in the line, on its day; `others` are the coming visits of its series; `told` says
 * whether whoever has just booked gets messages about it.
 */
export function visitPage(
  scene: Scene,
  visit: Appointment,
  token: string,
  news: News | undefined,
  {
    standing,
    others = [],
    told = false,
  }: { standing?: Standing | undefined; others?: readonly OtherVisit[]; told?: boolean } = {},
): View {
  const { settings, speaker, now, url } = scene
  const { t } = speaker
  const path = `/a/${token}`
  const place = settings.locations.find(({ id }) => id === visit.locationId)
  const coming = patientMayChange(visit, now)
  return view('booking/visit', {
    title: t(news === 'booked' ? 'booking.visit.complete' : 'booking.visit.title'),
    ...(standing && { scripts: ['/js/wait.js'], refreshSeconds }),
    line: standing && lineText(scene, visit, standing),
    clinic: headOf(scene),
    news: news && newsText(scene, visit, news, told),
    greeting: t('booking.visit.greeting', { name: firstNameOf(visit.patientName ?? '') }),
    ...leafOf(scene, visit.startsAt),
    status: visit.status,
    version: visit.version,
    doctor: visit.practitionerName,
    service: visit.serviceName,
    place: { name: visit.locationName, address: visit.locationAddress },
    price: priceText(scene, visit),
    bring: coming ? settings.profile.bringNote : null,
    reference: referenceText(visit.reference),
    confirmed: coming && visit.confirmedAt !== null,
    mapHref: place && mapOf(scene.clinic, place),
    calendarHref: coming ? url(`${path}/visit.ics`) : undefined,
    // Whoever has just booked has said so already.
    confirmAction: news !== 'booked' && patientMayConfirm(visit, now) ? url(`${path}/confirmation`) : undefined,
    moveHref: coming && scene.clinic.status === 'active' ? url(`${path}/move`) : undefined,
    soonerHref:
      coming && scene.clinic.status === 'active' && settings.profile.waitlist ? url(`${path}/sooner`) : undefined,
    cancelHref: coming ? url(`${path}/cancellation`) : undefined,
    ...oneOf(scene, visit, others),
    againHref: coming ? undefined : againOf(scene, visit, path),
    phone: clinicPhone(scene),
    whatsappHref: whatsappOf(scene),
  })
}

/** So many are read at a glance; the rest are a press away. */
const atAGlance = 6

/**
 * The rest of a series. They are named and not linked: a link opens one visit, also to somebody it was passed on to, and
 * must not become a way to change the others. Those have links of their own, or are reached with a code to the phone.
 */
function oneOf(scene: Scene, visit: Appointment, others: readonly OtherVisit[]) {
  const { t } = scene.speaker
  const isPart = others.length > 0
  const shown = others.length > atAGlance + 1 ? others.slice(0, atAGlance) : others
  const rest = others.slice(shown.length)
  const row = (other: OtherVisit) => ({
    when: scene.speaker.longDateTime(other.startsAt),
    doctor: other.practitionerName,
    place: other.locationName === visit.locationName ? undefined : other.locationName,
  })
  return {
    moveWord: t(isPart ? 'booking.series.move' : 'booking.visit.move'),
    cancelWord: t(isPart ? 'booking.series.cancel' : 'booking.visit.cancel'),
    onlyThis: isPart ? t('booking.series.only', { when: scene.speaker.longDateTime(visit.startsAt) }) : undefined,
    others: isPart
      ? {
          shown: shown.map(row),
          rest: rest.map(row),
          more: t('booking.series.more', { count: rest.length }),
          links: visit.messagesWanted ? t('booking.series.links') : undefined,
          allHref: homeOf(scene, '/privacy'),
        }
      : undefined,
  }
}

/** How often a page that shows a place in the line looks again by itself. */
const refreshSeconds = 30

/** The number, who is before, and how long it will be; before the day's arrival what to expect of it. */
function lineText({ speaker, now }: Scene, visit: Appointment, standing: Standing) {
  const { t } = speaker
  const doctor = isolated(visit.practitionerName)
  const updated = t('queue.mine.updated', { time: speaker.time(now) })
  if (standing.kind === 'coming') {
    const late = standing.lateMin >= lateWorthSaying
    return {
      token: undefined,
      text: late
        ? t('queue.mine.late', { doctor, about: aboutText(speaker, standing.lateMin) })
        : t('queue.mine.on_time', { doctor }),
      hints: [t('queue.mine.come'), updated],
    }
  }
  const token = tokenText(speaker, standing.token)
  if (standing.kind !== 'waiting') return { token, text: t(`queue.mine.${standing.kind}`), hints: [updated] }
  const about = aboutText(speaker, standing.aboutMin)
  const text = t('queue.mine.waiting', { before: t('queue.before', { count: standing.before }), about })
  return { token, text, hints: [t('queue.mine.honest'), updated] }
}

/** Ten minutes more or less are what appointments are like. */
const lateWorthSaying = 10

/** Where another time is found: for this very visit, if the clinic called it off, else for a new one. */
function againOf(scene: Scene, visit: Appointment, path: string): string {
  return patientMayReturn(visit) && scene.clinic.status === 'active'
    ? scene.url(`${path}/move`)
    : homeOf(scene, `/times${queryText({ service: visit.serviceId })}`)
}

/** Only what is so: an address can be typed by anybody. */
function newsText(scene: Scene, visit: Appointment, news: News, told: boolean) {
  const { speaker, settings } = scene
  const { t } = speaker
  const booked = visit.status === 'booked'
  if (news === 'booked' && booked) {
    const text = told
      ? t('booking.visit.sent')
      : t(settings.profile.phone ? 'booking.visit.not_sent_call' : 'booking.visit.not_sent')
    return { kind: 'success', icon: 'circle-check', title: t('booking.visit.complete'), text }
  }
  if (news === 'confirmed' && booked && visit.confirmedAt !== null) {
    return {
      kind: 'success',
      icon: 'circle-check',
      title: t('booking.visit.confirmed'),
      text: t('booking.visit.see_you'),
    }
  }
  if (news === 'moved' && booked && visit.calendarSequence > 0) {
    return {
      kind: 'success',
      icon: 'circle-check',
      title: t('booking.visit.moved'),
      text: t('booking.visit.moved_text'),
    }
  }
  if (news === 'cancelled' && visit.status === 'cancelled') {
    return {
      kind: 'info',
      icon: 'circle-check',
      title: t('booking.visit.cancelled'),
      text: t('booking.visit.cancelled_text'),
    }
  }
  if (news === 'too_late') {
    return {
      kind: 'warning',
      icon: 'alert-triangle',
      title: t('booking.visit.too_late'),
      text: t('booking.visit.too_late_text'),
    }
  }
  if (news === 'changed') {
    return {
      kind: 'warning',
      icon: 'alert-triangle',
      title: t('booking.visit.changed'),
      text: t('booking.visit.changed_text'),
    }
  }
  if (news === 'closed' && scene.clinic.status !== 'active') {
    return {
      kind: 'warning',
      icon: 'alert-triangle',
      title: t('booking.visit.closed'),
      text: t('booking.visit.closed_text'),
    }
  }
  return undefined
}

/** Asks before it is done: nothing is cancelled by opening a link. */
export function cancelPage(scene: Scene, visit: Appointment, token: string, others: readonly OtherVisit[]): View {
  const { speaker, url } = scene
  return view('booking/cancel', {
    title: speaker.t('booking.cancel.title'),
    clinic: headOf(scene),
    back: { href: url(`/a/${token}`), label: speaker.t('booking.visit.back') },
    ...leafOf(scene, visit.startsAt),
    doctor: visit.practitionerName,
    service: visit.serviceName,
    kept: others.length > 0 ? speaker.t('booking.series.kept', { count: others.length }) : undefined,
    action: url(`/a/${token}/cancellation`),
    version: visit.version,
    keepHref: url(`/a/${token}`),
    moveHref: scene.clinic.status === 'active' ? url(`/a/${token}/move`) : undefined,
  })
}

/** A link that never was, has run out or was replaced: from outside they are the same. */
export function gonePage(speaker: Scene['speaker']): View {
  return view('booking/gone', { title: speaker.t('booking.gone.title') })
}

export function visitCalendar(ctx: Ctx, scene: Scene, visit: Appointment, token: string, baseUrl: string): string {
  const { speaker, clinic } = scene
  const place = visit.locationAddress === '' ? visit.locationName : `${visit.locationName}, ${visit.locationAddress}`
  const url = `${baseUrl}/a/${token}`
  const entry = {
    uid: calendarUid(visit.id, baseUrl),
    sequence: visit.calendarSequence,
    cancelled: visit.status === 'cancelled',
    startsAt: visit.startsAt,
    endsAt: visit.endsAt,
    stamp: ctx.now,
    summary: speaker.t('booking.calendar.summary', { clinic: clinic.name }),
    location: place,
    description: speaker.t('booking.calendar.description', { doctor: visit.practitionerName, url }),
    url,
  }
  return calendarFile([entry])
}
