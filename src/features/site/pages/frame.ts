import { languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'

/** What every page of the site needs to know of the visit. */
export type Scene = {
  speaker: Speaker
  /** Where people reach Nabz, without a slash at the end. */
  baseUrl: string
  /** The page's own address, without a language. */
  path: string
  /** A script that counts visits, where a deployment has one; only after a yes. */
  statistics?: string | undefined
}

type Facts = { title: string; description: string; [fact: string]: unknown }

/** A page of the site within its header and footer, with what search engines and previews read of it. */
export function sitePage(template: string, scene: Scene, facts: Facts, options: { index?: boolean } = {}): View {
  const { speaker, baseUrl, path } = scene
  const { t } = speaker
  const address = (lang: string) => `${baseUrl}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`
  const link = (href: string, label: string) => ({ href, label, current: href === path.split('?')[0] })
  return view(template, {
    ...(scene.statistics === undefined
      ? {}
      : {
          scripts: ['/js/statistics.js'],
          ask: { script: scene.statistics, host: new URL(scene.statistics).hostname },
        }),
    index: options.index ?? true,
    head: {
      canonical: address(speaker.lang),
      alternates: [
        ...languages.map((lang) => ({ lang, href: address(lang) })),
        { lang: 'x-default', href: baseUrl + path },
      ],
      image: `${baseUrl}/img/card.png`,
      locale: { en: 'en_GB', ar: 'ar_EG', ur: 'ur_PK' }[speaker.lang],
    },
    menu: [
      link('/pricing', t('site.nav.pricing')),
      link('/help', t('site.nav.help')),
      link('/clinics', t('site.nav.clinics')),
    ],
    foot: [
      {
        title: t('site.foot.product'),
        links: [
          link('/pricing', t('site.nav.pricing')),
          link('/help', t('site.nav.help')),
          link('/clinics', t('site.nav.clinics')),
          link('/status', t('site.nav.status')),
        ],
      },
      {
        title: t('site.foot.trust'),
        links: [
          link('/security', t('site.nav.security')),
          link('/privacy', t('site.nav.privacy')),
          link('/processors', t('site.nav.processors')),
          link('/cookies', t('site.nav.cookies')),
          link('/terms', t('site.nav.terms')),
        ],
      },
      {
        title: t('site.foot.talk'),
        links: [
          link('/contact', t('site.nav.contact')),
          link('/sign-up', t('site.start')),
          link('/sign-in', t('site.sign_in')),
        ],
      },
    ],
    ...facts,
  })
}
