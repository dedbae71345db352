import type { Config } from '../../../config.ts'
import type { Clinic } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { headOf } from '../../booking/rules/head.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { retentionRules, type RetentionRule, type RetentionSettings } from '../../privacy/rules/retention.ts'
import { keptText } from '../rules/text.ts'

type Scene = {
  clinic: Clinic
  settings: DiarySettings
  retention: RetentionSettings | undefined
  hosting: Config['hosting']
  speaker: Speaker
  url: (path: string) => string
}

/** What a patient of this clinic can count on: the rules of the service with the periods this clinic has set. */
export function noticePage({ clinic, settings, retention, hosting, speaker, url }: Scene): View {
  const { t } = speaker
  const home = (path = '') => url(`/c/${clinic.slug}${path}`)
  const place = [hosting.provider, hosting.region].filter((part) => part !== undefined).join(', ')
  return view('policies/notice', {
    title: t('policies.notice.title', { clinic: clinic.name }),
    description: t('policies.notice.lead', { clinic: clinic.name }),
    clinic: headOf({ clinic, settings, url }),
    back: { href: home(), label: clinic.name },
    lead: t('policies.notice.lead', { clinic: clinic.name }),
    who: t('policies.notice.who_text', { clinic: clinic.name }),
    place: place === '' ? t('policies.notice.region_unknown') : t('policies.notice.region', { place }),
    rules: retentionRules
      .filter(({ code }) => tellsPatients.has(code))
      .map((rule) => ({
        what: t(`policies.rule.${rule.code}.what`),
        kept: keptText(t, settled(rule, retention)),
        ends: t(`policies.ends.${rule.ends}`),
      })),
    rightsHref: home('/privacy'),
    policyHref: url('/privacy'),
  })
}

/** What is kept of a patient; the rest of the table is about owners, staff and machines. */
const tellsPatients: ReadonlySet<string> = new Set([
  'booking_identity',
  'medical_record',
  'patients',
  'messages',
  'inbound_messages',
  'holds',
  'waiting',
  'codes',
  'rights_requests',
  'clinic_audit',
  'opt_outs',
])

/** The rule as this clinic has set it: a period, where the general text names a choice. */
function settled(rule: RetentionRule, retention: RetentionSettings | undefined): RetentionRule {
  const { setting, ...fixed } = rule
  return setting === undefined || retention === undefined ? rule : { ...fixed, after: { months: retention[setting] } }
}
