// The settings of a clinic as their menu shows them, whichever feature serves the page.
import type { PractitionerId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'

/** The pages of the settings, in the order of their menu. Each feature serves its own. */
export const settingsSections = [
  { key: 'clinic', path: '/settings', icon: 'building-hospital', label: 'clinics.nav.clinic' },
  { key: 'doctors', path: '/settings/doctors', icon: 'stethoscope', label: 'clinics.nav.doctors' },
  { key: 'services', path: '/settings/services', icon: 'list-check', label: 'clinics.nav.services' },
  { key: 'rooms', path: '/settings/rooms', icon: 'door-enter', label: 'clinics.nav.rooms' },
  { key: 'hours', path: '/settings/hours', icon: 'clock', label: 'clinics.nav.hours' },
  { key: 'closures', path: '/settings/closures', icon: 'calendar-off', label: 'clinics.nav.closures' },
  { key: 'locations', path: '/settings/locations', icon: 'map-pin', label: 'clinics.nav.locations' },
  { key: 'rules', path: '/settings/rules', icon: 'adjustments', label: 'clinics.nav.rules' },
  { key: 'waiting', path: '/settings/waiting-list', icon: 'clock-pause', label: 'waitlist.desk.title' },
  { key: 'staff', path: '/settings/staff', icon: 'users', label: 'accounts.nav.staff' },
  { key: 'support', path: '/settings/support', icon: 'eye', label: 'support.nav' },
  { key: 'export', path: '/settings/export', icon: 'download', label: 'export.nav' },
  { key: 'privacy', path: '/settings/privacy', icon: 'shield-lock', label: 'privacy.nav' },
  { key: 'log', path: '/settings/log', icon: 'history', label: 'trail.nav' },
  { key: 'api', path: '/settings/api', icon: 'plug', label: 'api.nav' },
  { key: 'feeds', path: '/settings/feeds', icon: 'calendar', label: 'feeds.nav' },
  { key: 'embed', path: '/settings/embed', icon: 'plug', label: 'embed.nav' },
  { key: 'share', path: '/settings/share', icon: 'share', label: 'clinics.nav.share' },
  { key: 'subscription', path: '/settings/subscription', icon: 'credit-card', label: 'billing.nav' },
] as const
export type SettingsSection = (typeof settingsSections)[number]['key']

/** The menu beside every page of the settings, with the one it stands beside marked. */
export function settingsMenu({ clinic }: Pick<Ctx, 'clinic'>, { t }: Speaker, current: SettingsSection) {
  return settingsSections.map(({ key, path, icon, label }) => ({
    href: `/app/${clinic.slug}${path}`,
    icon,
    label: t(label),
    current: key === current,
  }))
}

/** Where the visits of a doctor who is out of use are handed over, all at once. */
export const handOverPath = (id: PractitionerId): string => `/disruptions/new?practitioner=${id}`
