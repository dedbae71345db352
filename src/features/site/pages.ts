import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'

export function landingPage({ t }: Speaker, signedIn: boolean): View {
  const workspace = { href: '/app', label: t('site.go_to_work'), css: 'btn-primary' }
  const article = (key: string, icon: string) => ({ icon, title: t(`site.${key}.title`), text: t(`site.${key}.text`) })
  return view('site/landing', {
    title: t('site.title'),
    description: t('site.lead'),
    index: true,
    lead: t('site.lead'),
    links: signedIn ? [workspace] : [{ href: '/sign-in', label: t('site.sign_in') }],
    start: signedIn ? workspace : { href: '/sign-up', label: t('site.start'), css: 'btn-primary' },
    articles: [
      article('book', 'calendar-check'),
      article('remind', 'brand-whatsapp'),
      article('desk', 'layout-columns'),
      article('once', 'shield-check'),
      article('words', 'language'),
      article('leave', 'key'),
    ],
  })
}
