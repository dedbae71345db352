// What stands around every page of the console: its places, the search over clinics, who is signed in.
import { allowed, type Permission } from '../../kernel/permissions.ts'
import { languageChoices } from '../i18n/languages.ts'
import type { Speaker } from '../i18n/speaker.ts'

/** The places of the console in order. One is shown once a feature answers `/admin<path>`; its word is `console.nav.<name>`. */
const places: { path: string; name: string; icon: string; permission: Permission }[] = [
  { path: '', name: 'overview', icon: 'home', permission: 'console.see' },
  { path: '/clinics', name: 'clinics', icon: 'building-hospital', permission: 'console.see' },
  { path: '/payments', name: 'payments', icon: 'cash', permission: 'console.money' },
  { path: '/plans', name: 'plans', icon: 'gift', permission: 'console.money' },
  { path: '/messages', name: 'messages', icon: 'message', permission: 'console.see' },
  { path: '/jobs', name: 'jobs', icon: 'repeat', permission: 'console.see' },
  { path: '/closings', name: 'closings', icon: 'door-exit', permission: 'console.clinics' },
  { path: '/announcements', name: 'announcements', icon: 'bell', permission: 'console.operate' },
  { path: '/policies', name: 'policies', icon: 'file-text', permission: 'console.operate' },
  { path: '/requests', name: 'requests', icon: 'mail', permission: 'console.operate' },
  { path: '/analytics', name: 'analytics', icon: 'chart-bar', permission: 'console.see' },
  { path: '/switches', name: 'switches', icon: 'adjustments', permission: 'console.operate' },
  { path: '/retention', name: 'retention', icon: 'trash', permission: 'console.see' },
  { path: '/audit', name: 'audit', icon: 'history', permission: 'console.see' },
  { path: '/second-factors', name: 'second_factors', icon: 'shield-lock', permission: 'console.operate' },
  { path: '/support', name: 'support', icon: 'eye', permission: 'console.clinics' },
]

type Operator = { name: string; theme: string; shortcuts: boolean }

/**
 * What the layout of the console prints around a page at `current`. Of the places only those that a route answers are
 * shown.
 */
export function consoleShell({
  person,
  speaker,
  current,
  routes,
}: {
  person: Operator
  speaker: Speaker
  current: string
  routes: readonly { method: string; path: string }[]
}) {
  const { t } = speaker
  const answered = new Set(routes.filter(({ method }) => method === 'get').map(({ path }) => path))
  return {
    clinicName: t('console.name'),
    accent: 'teal',
    userName: person.name,
    role: t('console.role'),
    theme: person.theme,
    shortcuts: person.shortcuts,
    searchHref: '/admin/clinics',
    search: { label: t('console.search.label'), placeholder: t('console.search.placeholder') },
    keys: [
      ['/', t('console.keys.search')],
      ['t', t('console.keys.overview')],
      ['?', t('shared.keys.help')],
    ],
    nav: places
      .filter(({ path, permission }) => answered.has(`/admin${path}`) && allowed('platform_admin', permission))
      .map(({ path, name, icon }) => ({
        href: `/admin${path}`,
        icon,
        label: t(`console.nav.${name}`),
        current:
          path === '' ? current === '/admin' || current === '/admin/' : `${current}/`.startsWith(`/admin${path}/`),
      })),
    clinics: [],
    languageLinks: languageChoices(speaker.lang),
  }
}
