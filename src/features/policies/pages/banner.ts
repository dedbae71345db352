import type { Services } from '../../../platform/services.ts'
import type { Banner, DeskPlace } from '../../../platform/web/routers.ts'
import { dutiesOf } from '../rules/duties.ts'
import { momentText } from './words.ts'

/** To owners, until they have accepted: what takes effect when, and what has taken effect meanwhile. */
export const policyBanners =
  ({ policies }: Pick<Services, 'policies'>) =>
  ({ clinic, role, person, speaker, now }: DeskPlace): Banner[] => {
    if (role !== 'owner') return []
    const { due, coming } = dutiesOf(policies.published(), person.accepted, now)
    const { t } = speaker
    const names = (versions: typeof due) =>
      speaker.list([...new Set(versions.map(({ code }) => t(`policies.title.${code}`)))])
    const link = { href: `/app/${clinic.slug}/settings/privacy/policies`, label: t('policies.banner.read') }
    const [next] = coming
    return [
      ...(due.length === 0
        ? []
        : [
            {
              kind: 'warning' as const,
              icon: 'file-text',
              title: t('policies.banner.due_title'),
              text: t('policies.banner.due', { policies: names(due) }),
              ...link,
            },
          ]),
      ...(next === undefined
        ? []
        : [
            {
              kind: 'info' as const,
              icon: 'file-text',
              title: t('policies.banner.coming_title'),
              text: t('policies.banner.coming', { policies: names(coming), at: momentText(speaker, next.effectiveAt) }),
              ...link,
            },
          ]),
    ]
  }
