// Words and looks that several pages of the console share.
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Health } from '../rules/clinics.ts'

export type Pill = { word: string; css: string; icon: string }

const statusLooks: Record<string, { css: string; icon: string }> = {
  trialing: { css: 'pill-info', icon: 'gift' },
  active: { css: 'pill-success', icon: 'circle-check' },
  past_due: { css: 'pill-warning', icon: 'clock' },
  expired: { css: 'pill-danger', icon: 'lock' },
  purge_scheduled: { css: 'pill-danger', icon: 'trash' },
  suspended: { css: 'pill-danger', icon: 'ban' },
}

export function statusPill({ t }: Speaker, status: string): Pill {
  const look = statusLooks[status] ?? { css: '', icon: 'point' }
  return { ...look, word: t(`console.status.${status}`) }
}

const healthLooks: Record<Health, { css: string; icon: string }> = {
  ok: { css: 'pill-success', icon: 'heartbeat' },
  unpaid: { css: 'pill-warning', icon: 'wallet' },
  failing: { css: 'pill-danger', icon: 'alert-triangle' },
  idle: { css: '', icon: 'moon' },
}

export function healthPill({ t }: Speaker, health: Health): Pill {
  return { ...healthLooks[health], word: t(`console.health.${health}`) }
}

/** What was used, and of how much; `full` from four fifths on, when the owner is told too. */
export function meter(speaker: Speaker, used: number, limit: number | null) {
  const number = (value: number) => speaker.number(value)
  const text =
    limit === null ? number(used) : speaker.t('console.usage.of', { used: number(used), limit: number(limit) })
  return { text, used, limit, full: limit !== null && used * 5 >= limit * 4 }
}

export function countryName({ lang }: Speaker): (country: string) => string {
  const regions = new Intl.DisplayNames([lang], { type: 'region' })
  return (country) => (country === 'ZZ' ? country : (regions.of(country) ?? country))
}

export const clinicHref = (id: ClinicId): string => `/admin/clinics/${id}`

const paymentLooks: Record<string, { css: string; icon: string }> = {
  declared: { css: 'pill-warning', icon: 'clock' },
  confirmed: { css: 'pill-success', icon: 'circle-check' },
  rejected: { css: 'pill-danger', icon: 'circle-x' },
}

export function paymentPill({ t }: Speaker, status: string): Pill {
  const look = paymentLooks[status] ?? { css: '', icon: 'point' }
  return { ...look, word: t(`console.payment.${status}`) }
}

const knownMethods = ['bank_transfer', 'cash', 'raast', 'jazzcash', 'easypaisa', 'upi', 'instapay', 'vodafone_cash',
  'benefit_pay', 'cheque', 'card', 'other'] // prettier-ignore

export function methodWord({ t }: Speaker, method: string): string {
  return knownMethods.includes(method) ? t(`billing.method.${method}`) : method
}
