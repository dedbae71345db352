// Rules in plain words, as every page says them.
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Period, RetentionRule, RetentionSettings } from '../rules/retention.ts'

/** How long a thing is kept; where a clinic decides, by what it decided. */
export function periodText({ t }: Speaker, rule: RetentionRule, settings?: RetentionSettings): string {
  const after: Period =
    rule.setting !== undefined && settings !== undefined ? { months: settings[rule.setting] } : rule.after
  if (after === 'ever') return t('privacy.period.ever')
  if ('days' in after) return t('privacy.period.days', { count: after.days })
  if ('hours' in after)
    return after.hours === 0 ? t('privacy.period.at_once') : t('privacy.period.hours', { count: after.hours })
  // Two years are said in months, as the promise is.
  return after.months > 24 && after.months % 12 === 0
    ? t('privacy.period.years', { count: after.months / 12 })
    : t('privacy.period.months', { count: after.months })
}

export const ruleWords = (speaker: Speaker, rule: RetentionRule, settings?: RetentionSettings) => ({
  what: speaker.t(`privacy.rule.${rule.code}.what`),
  from: speaker.t(`privacy.rule.${rule.code}.from`),
  ends: speaker.t(`privacy.ends.${rule.ends}`),
  period: periodText(speaker, rule, settings),
})
