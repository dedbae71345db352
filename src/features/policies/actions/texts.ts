import { createHash } from 'node:crypto'
import type { PolicyCode } from '../../../kernel/policies.ts'
import { keptDays } from '../../../platform/backup/files.ts'
import { listArticles, readArticleSource } from '../../../platform/i18n/articles.ts'
import { languages } from '../../../platform/i18n/languages.ts'
import type { Words } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { consentKey, cookies } from '../../../platform/web/cookies.ts'
import { absoluteHours, idleMinutes } from '../../../platform/web/session.ts'
import { retentionRules, ruleOf } from '../../privacy/rules/retention.ts'
import { graceDays, trialDays } from '../../subscription/rules/life.ts'
import { daysAfter } from '../../subscription/rules/notices.ts'
import { fillText, type Processor, type TextFacts } from '../rules/text.ts'
import { noticeDays } from '../rules/versions.ts'

type Parts = Pick<Services, 'config' | 'speakers'>

/** What a policy would say if it were published now, in each language, and since when the words of its file stand. */
export type PresentText = { code: PolicyCode; since: string; texts: Words; sha256: string }

export function presentText({ config, speakers }: Parts, code: PolicyCode): PresentText {
  const facts = factsOf(config)
  const name = fileOf(code)
  const filled = languages.map((lang) => {
    const { t } = speakers(lang, { country: 'GB', zone: 'UTC' })
    return [lang, fillText(readArticleSource(lang, `site/policies/${name}`), t, facts)] as const
  })
  const texts = Object.fromEntries(filled) as Words
  return { code, since: name.slice(code.length + 1), texts, sha256: hashOf(texts) }
}

/** Of the three texts together, so that none can change alone. */
export function hashOf(texts: Words): string {
  const hash = createHash('sha256')
  for (const lang of languages) hash.update(`${lang}\n${texts[lang]}\n`)
  return hash.digest('hex')
}

const names = new Map<PolicyCode, string>()

/** `privacy.2026-11-21`: the day in the name is that of its words, and changes with them. */
export function fileOf(code: PolicyCode): string {
  const known = names.get(code)
  if (known !== undefined) return known
  const found = listArticles('en', 'site/policies')
    .filter((name) => name.startsWith(`${code}.`))
    .at(-1)
  if (found === undefined) throw new Error(`there is no text for ${code}`)
  names.set(code, found)
  return found
}

function factsOf(config: Services['config']): TextFacts {
  const analytics = config.analyticsScript === undefined ? undefined : new URL(config.analyticsScript).hostname
  const closed = ruleOf('closed_clinic').after
  return {
    rules: retentionRules,
    processors: processorsOf(config, analytics),
    cookies: cookies.map(({ code, name }) => ({ code, name: name(config.secureCookies) })),
    analytics: analytics === undefined ? undefined : { host: analytics, key: consentKey },
    numbers: {
      notice_days: String(noticeDays),
      idle_minutes: String(idleMinutes),
      session_hours: String(absoluteHours),
      backup_days: String(keptDays),
      undo_days: typeof closed === 'object' && 'days' in closed ? String(closed.days) : '',
      trial_days: String(trialDays),
      grace_days: String(graceDays),
      mail_days: daysAfter.slice(0, -1).join(', '),
      last_mail_day: String(daysAfter.at(-1)),
    },
  }
}

/** Who is really at work here: nobody is on the list that the settings don't name. */
function processorsOf({ hosting, mail, stripe }: Services['config'], analytics: string | undefined): Processor[] {
  const provider = [hosting.provider, hosting.region].filter((part) => part !== undefined).join(', ')
  const mailHost = new URL(mail.smtpUrl).hostname
  return [
    { code: 'hosting', ...(provider === '' ? {} : { name: provider }) },
    { code: 'whatsapp' },
    { code: 'mail', ...(/^(localhost|[\d.]+|\[.*\])$/.test(mailHost) ? {} : { name: mailHost }) },
    ...(stripe === undefined ? [] : [{ code: 'stripe' as const }]),
    ...(analytics === undefined ? [] : [{ code: 'analytics' as const, name: analytics }]),
  ]
}
