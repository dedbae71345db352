import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { at } from '../pages.ts'
import { listLocations, listPractitioners } from '../queries.ts'
import { planLimit } from '../rules.ts'
import { settingsMenu } from '../rules/settings.ts'

const places = {
  practitioner: { path: '/settings/doctors', section: 'doctors', icon: 'stethoscope' },
  location: { path: '/settings/locations', section: 'locations', icon: 'map-pin' },
} as const

/** The plan has no room for another: what can be done about it. */
export function planFullPage(ctx: Ctx, speaker: Speaker, kind: keyof typeof places): View {
  const { t } = speaker
  const { path, section, icon } = places[kind]
  return view('subscription/limit', {
    title: t(`subscription.limit.${kind}_title`, { count: planLimit(ctx.clinic, kind) ?? 0 }),
    icon,
    text: t(`subscription.limit.${kind}_text`),
    menu: settingsMenu(ctx, speaker, section),
    upgradeHref: at(ctx, '/settings/subscription'),
    back: { href: at(ctx, path), label: t(`subscription.limit.${kind}_back`) },
  })
}

/** The same when there is no room for another, before anybody types; undefined when there is. */
export async function findPlanFullPage(
  ctx: Ctx,
  speaker: Speaker,
  kind: keyof typeof places,
): Promise<View | undefined> {
  const limit = planLimit(ctx.clinic, kind)
  if (limit === null) return undefined
  const inUse = kind === 'practitioner' ? listPractitioners : listLocations
  return (await inUse(ctx, { activeOnly: true })).length >= limit ? planFullPage(ctx, speaker, kind) : undefined
}
