import type { PolicyCode } from '../../../kernel/policies.ts'
import type { Instant } from '../../../kernel/time.ts'
import { parseArticle } from '../../../platform/i18n/articles.ts'
import { comingVersions, inForce, type PolicyVersion } from '../../../platform/policies.ts'
import type { View } from '../../../platform/web/views.ts'
import { sitePage, type Scene } from './frame.ts'

/** The version an address names, by its number or by the day it took effect; undefined when there is none. */
export function versionNamed(
  published: readonly PolicyVersion[],
  code: PolicyCode,
  name: string,
): PolicyVersion | undefined {
  return published.findLast(
    (one) => one.code === code && (String(one.version) === name || one.effectiveAt.toString().slice(0, 10) === name),
  )
}

/** A policy as it stands now, or one of its versions; undefined when there is none of it at all. */
export function policyPage(
  scene: Scene,
  published: readonly PolicyVersion[],
  code: PolicyCode,
  now: Instant,
  asked?: PolicyVersion,
): View | undefined {
  const { speaker } = scene
  const { t, lang } = speaker
  const current = inForce(published, code, now)
  const shown = asked ?? current
  if (shown === undefined || current === undefined) return undefined
  const [upcoming] = comingVersions(published, code, now)
  const text = parseArticle(shown.texts[lang])
  const date = (version: PolicyVersion) => speaker.date(version.effectiveAt)
  const hrefOf = (version: PolicyVersion) => (version === current ? `/${code}` : `/${code}/versions/${version.version}`)
  const begun = shown.effectiveAt.epochMilliseconds <= now.epochMilliseconds
  const standing = shown === current ? 'current' : begun ? 'old' : 'coming'
  return sitePage(
    'site/article',
    scene,
    {
      title: text.title,
      description: text.lead,
      lead: text.leadSpans,
      effective: t('site.policy.effective', { number: shown.version, date: date(shown) }),
      notice:
        standing === 'old'
          ? { text: t('site.policy.old'), href: `/${code}`, label: t('site.policy.to_current') }
          : standing === 'coming'
            ? {
                text: t('site.policy.not_yet', { date: date(shown), time: speaker.time(shown.effectiveAt) }),
                detail: shown.summaries?.[lang],
                href: `/${code}`,
                label: t('site.policy.to_current'),
              }
            : upcoming && {
                text: t('site.policy.upcoming', { date: date(upcoming), time: speaker.time(upcoming.effectiveAt) }),
                detail: upcoming.summaries?.[lang],
                href: hrefOf(upcoming),
                label: t('site.policy.to_upcoming'),
              },
      blocks: text.blocks,
      contents: text.blocks.filter((block) => block.kind === 'heading' && block.level === 2),
      versions: published
        .filter((one) => one.code === code)
        .reverse()
        .map((version) => ({
          href: hrefOf(version),
          label: t('site.policy.version', { number: version.version, date: date(version) }),
          current: version === shown,
        })),
    },
    // Search engines are for what is in force.
    { index: standing === 'current' },
  )
}
