// What stands around every page of the desk: navigation, whose clinic it is, who is signed in, what has to be said.
import type { Request } from 'express'
import { allowed, startOf, type DeskRole, type Permission } from '../../../kernel/permissions.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Clinic } from '../../clinic-scope.ts'
import { languageChoices, type Language } from '../../i18n/languages.ts'
import type { Speaker } from '../../i18n/speaker.ts'
import type { UserId } from '../../../kernel/ids.ts'
import type { View } from '../views.ts'

export type Person = {
  userId: UserId
  name: string
  email: string
  /** Typed at sign-up, and nobody has shown yet to read it. */
  emailUnproven: boolean
  language: Language
  theme: string
  /** Whether single keys do something at the desk. */
  shortcuts: boolean
  platformAdmin: boolean
  /** The announcements this person has put away. */
  dismissed: readonly string[]
  /** The newest version this person has accepted of each policy. */
  accepted: Readonly<Record<string, number>>
  /** Whether they have one besides their password. */
  secondFactor: boolean
  /** From when on they can do nothing without one; null: never. */
  factorDue: Instant | null
}

/** How a clinic's subscription stands, as the staff's door reads it beside the membership. */
export type SubscriptionFacts = {
  /** null: it never had one. */
  life: 'trialing' | 'active' | 'past_due' | 'expired' | 'purge_scheduled' | null
  lifeSince: Instant | null
  periodEnd: Instant | null
  cancelledAt: Instant | null
  suspensionReason: string | null
  /** Since when its owner has it closed. */
  closedAt: Instant | null
}

/** Where a page of the desk stands: whose it is, who looks at it, and when. */
export type DeskPlace = {
  clinic: Clinic
  subscription: SubscriptionFacts
  role: DeskRole
  speaker: Speaker
  now: Instant
  person: Person
  /** The path of the page, to come back to. */
  current: string
  /** The visit this person is here on, being of the platform and not of the clinic. */
  visit: Visit | undefined
}

/** A support visit, as the door found it a moment ago. */
export type Visit = { id: string; allowedBy: UserId; expiresAt: Instant }

export type Banner = {
  kind: 'info' | 'warning' | 'error'
  icon: string
  title?: string
  text: string
  href?: string
  label?: string
  /** A second way on, beside the first. */
  also?: { href: string; label: string }
  /** A button. What it posts names the page to come back to. */
  form?: { action: string; label: string; icon: string; pressed?: { name: string; value: string } }
}

/**
 * What features say on pages that are not theirs. The platform knows no feature, so the application names them when it
 * is put together.
 */
export type DeskNotices = {
  /** Over every page of the desk. They have no time to ask the database. */
  banners: ((place: DeskPlace) => Banner[])[]
  /** In place of a page or step that the clinic's standing does not allow. */
  closed: (place: DeskPlace) => View
  /** In place of what a form would have done: somebody on a support visit only looks. */
  lookOnly: (place: DeskPlace) => View
}

/** What the application named when it was put together. */
export const deskNoticesOf = (req: Request): DeskNotices => (req.app.locals as { deskNotices: DeskNotices }).deskNotices

export type Workspace = {
  place: DeskPlace
  person: Person
  memberships: readonly (Pick<Clinic, 'name' | 'slug'> & { role: DeskRole })[]
  /** The path of the page itself. */
  current: string
}

type Destination = {
  path: string
  icon: string
  label: string
  permission: Permission
  unless?: Permission
  /** A single key that leads there. */
  shortcut?: string
}
const navigation: Destination[] = [
  { path: '/today', icon: 'list-check', label: 'shared.nav.today', permission: 'today.see' },
  { path: '/calendar', icon: 'calendar', label: 'shared.nav.calendar', permission: 'today.see', shortcut: 'c' },
  { path: '/queue', icon: 'users', label: 'queue.nav', permission: 'today.see' },
  { path: '/patients', icon: 'id', label: 'shared.nav.patients', permission: 'patients.find' },
  { path: '/messages', icon: 'message', label: 'shared.nav.messages', permission: 'messages.see' },
  { path: '/waiting-list', icon: 'clock-pause', label: 'waitlist.desk.title', permission: 'appointments.book' },
  // Owners have it all on the page of their subscription.
  {
    path: '/books',
    icon: 'receipt',
    label: 'shared.nav.books',
    permission: 'clinic.books',
    unless: 'clinic.subscription',
  },
  { path: '/settings', icon: 'settings', label: 'shared.nav.settings', permission: 'clinic.settings' },
]

/** What the layout of the desk prints around a page: only the places that this role may go to. */
export function shellOf({ place, person, memberships, current }: Workspace, { banners }: DeskNotices) {
  const { clinic, role, speaker } = place
  const base = `/app/${clinic.slug}`
  return {
    clinicName: clinic.name,
    clinicSlug: clinic.slug,
    accent: clinic.accent,
    userName: person.name,
    role: speaker.t(`shared.role.${role}`),
    theme: person.theme,
    shortcuts: person.shortcuts,
    banners: banners.flatMap((of) => of(place)),
    current,
    canBook: allowed(role, 'appointments.book'),
    canFind: allowed(role, 'patients.find'),
    nav: navigation
      .filter(({ permission, unless }) => allowed(role, permission) && !(unless && allowed(role, unless)))
      .map((item) => ({
        href: base + item.path,
        icon: item.icon,
        label: speaker.t(item.label),
        current: current.startsWith(base + item.path),
        shortcut: item.shortcut,
      })),
    clinics: memberships.map((one) => ({
      name: one.name,
      href: `/app/${one.slug}${startOf(one.role)}`,
      current: one.slug === clinic.slug,
    })),
    languageLinks: languageChoices(speaker.lang),
  }
}
