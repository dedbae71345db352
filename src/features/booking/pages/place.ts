// Somebody's place on the waiting list as they see it, with an offer they have.
import { isBefore } from '../../../kernel/time.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Entry } from '../../waitlist/queries/entries.ts'
import type { Offer } from '../../waitlist/queries/offers.ts'
import type { WaitingWish } from '../../waitlist/rules.ts'
import { wishWords } from '../../waitlist/rules/words.ts'
import { queryText } from '../rules/wish.ts'
import { clinicPhone, headOf, homeOf, leafOf, priceText, type Scene } from './frame.ts'

export type WaitingNews = 'joined' | 'declined' | 'taken' | 'held' | 'over' | 'left' | 'limit'

/** What a page may be led to with. That a yes was refused is told by the answer to it, and by no address. */
export const ledToNews = ['joined', 'declined', 'left'] as const satisfies readonly WaitingNews[]

/** Somebody's place on the list, and what is on offer to them. Looking changes nothing. */
export function placePage(
  scene: Scene,
  at: {
    entry: Entry
    offer: Offer | undefined
    token: string
    visitHref: string | undefined
    /** Why nobody may write to them: they said STOP, or took their consent back. */
    unreached: 'stopped' | 'silent' | undefined
    sender: string
  },
  news: WaitingNews | undefined,
): View {
  const { speaker, url, clinic, settings, now } = scene
  const { t } = speaker
  const { entry, offer, token, unreached } = at
  const waiting = entry.state === 'waiting'
  const path = `/w/${token}`
  const open =
    offer?.state === 'open' && entry.state === 'waiting' && isBefore(now, offer.expiresAt) ? offer : undefined
  const service = settings.services.find(({ id }) => id === entry.wish.serviceId)
  return view('booking/place', {
    title: t('waitlist.place.title'),
    clinic: headOf(scene),
    // What is on offer comes first: that somebody is on the list goes without saying then.
    news:
      news && !(open && news === 'joined') ? newsOf(scene, { entry, offer }, news, waiting && !unreached) : undefined,
    state: t(`waitlist.state.${(waiting && unreached) || entry.state}`),
    offer: open && {
      ...leafOf(scene, open.startsAt),
      doctor: open.practitionerName,
      service: open.serviceName,
      place: open.locationName,
      price: service && priceText(scene, service),
      text: t(entry.insteadOf === null ? 'waitlist.offer.text' : 'waitlist.offer.text_sooner'),
      until: t('waitlist.offer.until', { time: speaker.time(open.expiresAt) }),
      id: open.id,
      acceptAction: url(`${path}/acceptance`),
      declineAction: url(`${path}/refusal`),
    },
    facts: waiting ? wishFacts(scene, entry.wish) : [],
    visitHref: at.visitHref,
    startHref:
      waiting && unreached === 'stopped' ? `https://wa.me/${at.sender.replace(/\D/g, '')}?text=START` : undefined,
    // Whoever has the link may be anybody: the number is proven there.
    agreeHref: waiting && unreached === 'silent' ? homeOf(scene, '/privacy') : undefined,
    joinHref:
      !waiting && entry.state !== 'booked'
        ? homeOf(scene, `/waiting-list${queryText({ service: entry.wish.serviceId })}`)
        : undefined,
    leaveAction: waiting ? url(`${path}/removal`) : undefined,
    timesHref: homeOf(scene, `/times${queryText({ service: entry.wish.serviceId })}`),
    phone: clinicPhone(scene),
    clinicName: clinic.name,
  })
}

/** A wish in words, row by row. */
function wishFacts(scene: Scene, wish: WaitingWish) {
  const { t } = scene.speaker
  const { service, doctors, place, days, parts, dates } = wishWords(scene, wish)
  return [
    { label: t('booking.times.service'), text: service },
    { label: t('waitlist.field.doctors'), text: doctors },
    ...(place === undefined ? [] : [{ label: t('booking.times.location'), text: place }]),
    { label: t('waitlist.field.days'), text: [days, ...(parts === undefined ? [] : [parts])].join(' · ') },
    { label: t('waitlist.field.dates'), text: dates },
  ]
}

/** Only what is so: an address can be typed by anybody. */
function newsOf(
  { speaker, clinic }: Scene,
  { entry, offer }: { entry: Entry; offer: Offer | undefined },
  news: WaitingNews,
  hears: boolean,
) {
  const { t } = speaker
  if (news === 'joined' && !hears) return undefined
  if (news === 'declined' && offer?.state !== 'declined') return undefined
  if (news === 'left' && entry.state !== 'left') return undefined
  const good = news === 'joined' || news === 'left' || news === 'declined'
  return {
    kind: good ? 'success' : 'warning',
    icon: good ? 'circle-check' : 'info-circle',
    title: t(`waitlist.news.${news}`),
    // That we write again is promised only to whom we may.
    text:
      hears || news === 'left'
        ? t(`waitlist.news.${news}_text`, { clinic: clinic.name, time: offer ? speaker.time(offer.expiresAt) : '' })
        : undefined,
  }
}
