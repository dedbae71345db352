import { permissions } from '../../../kernel/permissions.ts'
import { securityEvents, signInEvents } from '../../../kernel/security-events.ts'
import type { UserId } from '../../../kernel/ids.ts'
import { browserOf, networkOf } from '../../../platform/browsers.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { listEventsOfClinic, listEventsOfPerson, type AccountEvent } from '../queries/activity.ts'
import { logPath, momentText } from './words.ts'

/** As long as addresses and browsers are kept. */
const days = 30
const shown = 200

/** What asks for a second look; the rest is somebody at work. */
const troubling: readonly string[] = [
  'account.sign_in_refused', 'account.factor_refused', 'account.intruder_reported', 'account.recovery_code_used',
  'access.denied', 'access.tool_denied',
] // prettier-ignore

/** How one's own account was used. */
export async function activityPage(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  speaker: Speaker,
  person: { userId: UserId; theme: string },
): Promise<View> {
  const since = clock.now().subtract({ hours: 24 * days })
  const events = await listEventsOfPerson(db, person.userId, [...signInEvents, ...securityEvents], since, shown)
  return view('trail/activity', {
    title: speaker.t('trail.activity.title'),
    theme: person.theme,
    back: { href: '/account', label: speaker.t('accounts.account.title') },
    lead: speaker.t('trail.activity.lead', { count: days, zone: speaker.offset(clock.now()) }),
    events: events.map((event) => eventOf(speaker, event, true)),
    withNames: false,
  })
}

/** What the owner sees of their people: no networks, which would say where somebody lives. */
export async function securityPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const since = ctx.now.subtract({ hours: 24 * days })
  const actions = ['account.signed_in', ...securityEvents]
  const events = await listEventsOfClinic(ctx.db, ctx.clinic.id, actions, since, shown)
  return view('trail/security', {
    title: speaker.t('trail.security.title'),
    menu: settingsMenu(ctx, speaker, 'log'),
    back: { href: `/app/${ctx.clinic.slug}${logPath}`, label: speaker.t('trail.title') },
    lead: speaker.t('trail.security.lead', { count: days }),
    events: events.map((event) => eventOf(speaker, event, false)),
    withNames: true,
  })
}

function eventOf(speaker: Speaker, event: AccountEvent, withNetwork: boolean) {
  const { t } = speaker
  const { at, action, name, address, browser, details } = event
  const { family, platform } = browserOf(browser ?? '')
  const permission = permissions.find((one) => one === details?.permission)
  return {
    what: t(`trail.event.${action.replace('.', '_')}`),
    troubling: troubling.includes(action),
    who: name ?? undefined,
    wanted:
      permission && !permission.startsWith('console.')
        ? t(`accounts.permission.${permission.replace('.', '_')}`)
        : undefined,
    at: momentText(speaker, at),
    browser:
      browser === null
        ? undefined
        : t('accounts.sessions.name', {
            browser: t(`accounts.browser.${family}`),
            platform: t(`accounts.platform.${platform}`),
          }),
    network: withNetwork && address !== null ? networkOf(address) : undefined,
  }
}
