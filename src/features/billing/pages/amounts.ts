// Amounts, rates and periods in a reader's words.
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { taxOn, type Interval } from '../../subscription/rules/prices.ts'

export const moneyOf = (speaker: Speaker, { amountMinor, currency }: { amountMinor: number; currency: string }) =>
  speaker.money({ minor: amountMinor, currency })

export type Tax = { taxName: string; taxRateBp: number }

export const rateText = (speaker: Speaker, rateBp: number): string => `${speaker.number(rateBp / 100)}%`

export function priceText(speaker: Speaker, netMinor: number, interval: Interval, currency: string): string {
  if (netMinor === 0) return speaker.t('billing.standing.price_free')
  return speaker.t(`billing.standing.price_${interval}`, { price: speaker.money({ minor: netMinor, currency }) })
}

/** `Rs 2,500 and Rs 400 Sales tax`; undefined where no tax is added. */
export function withTaxText(speaker: Speaker, netMinor: number, currency: string, { taxName, taxRateBp }: Tax) {
  if (netMinor === 0 || taxRateBp === 0) return undefined
  return speaker.t('billing.standing.with_tax', {
    net: speaker.money({ minor: netMinor, currency }),
    tax: speaker.money({ minor: taxOn(netMinor, taxRateBp), currency }),
    name: taxName,
  })
}

export type Sum = {
  title: string
  lines: { label: string; amount: string }[]
  totalLabel: string
  toPay: string
  toPayMinor: number
}

/** What makes up an amount that is due: the plan, the tax, and what stands on the account already. */
export function sumOf(
  speaker: Speaker,
  due: {
    title: string
    label: string
    netMinor: number
    taxMinor: number
    currency: string
    creditMinor: number
  } & Tax,
): Sum {
  const { t } = speaker
  const { currency, netMinor, taxMinor } = due
  const money = (minor: number) => speaker.money({ minor, currency })
  const total = netMinor + taxMinor
  const used = Math.min(Math.max(due.creditMinor, 0), total)
  return {
    title: due.title,
    lines: [
      { label: due.label, amount: money(netMinor) },
      ...(taxMinor === 0
        ? []
        : [
            {
              label: t('billing.due.tax', { name: due.taxName, rate: rateText(speaker, due.taxRateBp) }),
              amount: money(taxMinor),
            },
          ]),
      ...(used === 0 ? [] : [{ label: t('billing.due.credit'), amount: money(-used) }]),
    ],
    totalLabel: t('billing.due.total'),
    toPay: money(total - used),
    toPayMinor: total - used,
  }
}
