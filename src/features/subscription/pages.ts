// What a clinic's subscription says on pages that are not its own.
import { allowed, startOf } from '../../kernel/permissions.ts'
import { hours, type Instant } from '../../kernel/time.ts'
import type { Banner, DeskPlace } from '../../platform/web/routers.ts'
import { view, type View } from '../../platform/web/views.ts'
import { graceDays, windowDays } from './rules/life.ts'
import { meters, usageOf } from './rules/usage.ts'

/** From this many days before its end on a trial is spoken of. */
const trialWarningDays = 7

const seesMoney = ({ role }: DeskPlace) => allowed(role, 'clinic.subscription')
const closingHref = ({ clinic }: DeskPlace) => `/app/${clinic.slug}/settings/privacy/closing`
/** However the subscription stands, what belongs to the clinic can be taken along. */
const takeAlong = ({ clinic, role, speaker }: DeskPlace) =>
  allowed(role, 'clinic.export')
    ? { also: { href: `/app/${clinic.slug}/settings/export`, label: speaker.t('subscription.closed.export') } }
    : {}
const subscriptionHref = ({ clinic }: DeskPlace) => `/app/${clinic.slug}/settings/subscription`

/** When time itself will move a subscription on, counted as `rules/life.ts` counts. */
function endOf({ subscription: { life, lifeSince, periodEnd } }: DeskPlace): Instant | undefined {
  if (life === 'past_due') return lifeSince?.add(hours(graceDays * 24))
  if (life === 'expired') return lifeSince?.add(hours(windowDays * 24))
  return periodEnd ?? undefined
}

/** What whoever works there has to know: money is told to those who see to it, limits to everybody. */
export function subscriptionBanners(place: DeskPlace): Banner[] {
  return [...lifeBanner(place), ...limitBanners(place)]
}

function lifeBanner(place: DeskPlace): Banner[] {
  const { clinic, subscription, speaker, now } = place
  const { t } = speaker
  const end = endOf(place)
  const link = (label: string) => (seesMoney(place) ? { href: subscriptionHref(place), label: t(label) } : {})
  if (clinic.status === 'suspended') {
    return [{ kind: 'error', icon: 'lock', text: t('subscription.banner.suspended'), ...takeAlong(place) }]
  }
  if (clinic.status === 'locked' && subscription.closedAt !== null) {
    const closing = { href: closingHref(place), label: t('subscription.banner.closing') }
    const text = t('subscription.banner.closed')
    return [{ kind: 'error', icon: 'lock', text, ...(seesMoney(place) ? closing : {}), ...takeAlong(place) }]
  }
  if (clinic.status === 'locked') {
    const text = t('subscription.banner.locked')
    return [{ kind: 'error', icon: 'lock', text, ...link('subscription.banner.pay'), ...takeAlong(place) }]
  }
  if (clinic.status === 'read_only') {
    const key = seesMoney(place) ? 'subscription.banner.read_only' : 'subscription.banner.read_only_staff'
    const date = end ? speaker.date(end) : ''
    const text = t(key, { date })
    return [{ kind: 'error', icon: 'lock', text, ...link('subscription.banner.reopen'), ...takeAlong(place) }]
  }
  if (!seesMoney(place) || !end) return []
  if (subscription.life === 'past_due') {
    const text = t('subscription.banner.past_due', { date: speaker.date(end) })
    return [{ kind: 'warning', icon: 'alert-triangle', text, ...link('subscription.banner.pay') }]
  }
  const days = Math.ceil((end.epochMilliseconds - now.epochMilliseconds) / 86_400_000)
  if (subscription.life === 'trialing' && days <= trialWarningDays) {
    const text = t('subscription.banner.trial', { count: Math.max(days, 1), date: speaker.date(end) })
    return [{ kind: 'info', icon: 'info-circle', text, ...link('subscription.banner.plans') }]
  }
  return []
}

function limitBanners(place: DeskPlace): Banner[] {
  const { clinic, speaker, now } = place
  if (clinic.status !== 'active') return []
  return meters.flatMap((meter): Banner[] => {
    const { used, limit, level } = usageOf(clinic, meter, now)
    if (limit === null || level === 'fine') return []
    return [
      {
        kind: level === 'full' ? 'error' : 'warning',
        icon: 'alert-triangle',
        text: speaker.t(`subscription.banner.${meter}_${level}`, {
          used: speaker.number(used),
          limit: speaker.number(limit),
        }),
        ...(seesMoney(place) ? { href: subscriptionHref(place), label: speaker.t('subscription.banner.plans') } : {}),
      },
    ]
  })
}

/** In place of a page or step that is not to be had: what stands in the way, and who can do something about it. */
export function closedPage(place: DeskPlace): View {
  const { clinic, subscription, speaker } = place
  const { t } = speaker
  const owner = seesMoney(place)
  const end = endOf(place)
  const who = owner ? 'owner' : 'staff'
  const { status } = clinic
  if (status === 'active') throw new Error('a clinic that is open is not closed')
  if (subscription.closedAt !== null && status === 'locked') {
    return view('subscription/closed', {
      title: t('subscription.closed.locked_title'),
      text: t(`subscription.closed.by_owner_${who}`),
      reason: undefined,
      action: owner ? { href: closingHref(place), label: t('subscription.banner.closing') } : undefined,
      ...takeAlong(place),
    })
  }
  return view('subscription/closed', {
    title: t(`subscription.closed.${status}_title`),
    text: t(`subscription.closed.${status}_${who}`, { date: end ? speaker.date(end) : '' }),
    reason: status === 'suspended' && owner ? (subscription.suspensionReason ?? undefined) : undefined,
    action: owner
      ? { href: subscriptionHref(place), label: t('subscription.closed.to_subscription') }
      : status === 'read_only'
        ? { href: `/app/${clinic.slug}${startOf(place.role)}`, label: t('subscription.closed.back') }
        : undefined,
    ...takeAlong(place),
  })
}
