import { Temporal } from '../../../kernel/time.ts'
import { listArticles, readArticle, type Article } from '../../../platform/i18n/articles.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { View } from '../../../platform/web/views.ts'
import { upcomingAfter, versionOn, type PolicyCode } from '../rules/policies.ts'
import { sitePage, type Scene } from './frame.ts'

const shelf = new Map<string, unknown>()

function once<T>(key: string, read: () => T): T {
  if (!shelf.has(key)) shelf.set(key, read())
  return shelf.get(key) as T
}

/** The days on which a policy's versions took or take effect, as files are named: `privacy.2026-11-21.md`. */
export function versionsOf(code: PolicyCode): string[] {
  const all = once('versions', () => listArticles('en', 'site/policies'))
  return all.filter((name) => name.startsWith(`${code}.`)).map((name) => name.slice(code.length + 1))
}

const textOf = (speaker: Speaker, code: PolicyCode, version: string): Article =>
  once(`${speaker.lang} ${code} ${version}`, () => readArticle(speaker.lang, `site/policies/${code}.${version}`))

/** A policy as it stands on a day, or one of its versions by its date; undefined when there is no such version. */
export function policyPage(scene: Scene, code: PolicyCode, today: string, asked?: string): View | undefined {
  const { t } = scene.speaker
  const versions = versionsOf(code)
  const current = versionOn(versions, today)
  const shown = asked ?? current
  if (shown === undefined || current === undefined || !versions.includes(shown)) return undefined
  const upcoming = upcomingAfter(versions, today)
  const text = textOf(scene.speaker, code, shown)
  const day = (version: string) => scene.speaker.date(Temporal.PlainDate.from(version))
  const hrefOf = (version: string) => (version === current ? `/${code}` : `/${code}/versions/${version}`)
  const standing = shown === current ? 'current' : shown === upcoming ? 'upcoming' : shown > current ? 'later' : 'old'
  return sitePage(
    'site/article',
    scene,
    {
      title: text.title,
      description: text.lead,
      lead: text.leadSpans,
      effective: t('site.policy.effective', { date: day(shown) }),
      notice:
        standing === 'old'
          ? { text: t('site.policy.old'), href: `/${code}`, label: t('site.policy.to_current') }
          : standing !== 'current'
            ? {
                text: t('site.policy.not_yet', { date: day(shown) }),
                href: `/${code}`,
                label: t('site.policy.to_current'),
              }
            : upcoming === undefined
              ? undefined
              : {
                  text: t('site.policy.upcoming', { date: day(upcoming) }),
                  href: hrefOf(upcoming),
                  label: t('site.policy.to_upcoming'),
                },
      blocks: text.blocks,
      contents: text.blocks.filter((block) => block.kind === 'heading' && block.level === 2),
      versions: [...versions]
        .sort()
        .reverse()
        .map((version) => ({ href: hrefOf(version), label: day(version), current: version === shown })),
    },
    // Search engines are for what is in force.
    { index: standing === 'current' },
  )
}
