// Where everything about privacy is, for the owner.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { findLegalHold } from '../queries.ts'

const tiles = [
  { name: 'retention', path: '/settings/privacy/retention', icon: 'clock' },
  { name: 'requests', path: '/settings/privacy/requests', icon: 'user-check' },
  { name: 'export', path: '/settings/export', icon: 'download' },
  { name: 'policies', path: '/settings/privacy/policies', icon: 'file-text' },
  { name: 'closing', path: '/settings/privacy/closing', icon: 'door-exit' },
] as const

export async function hubPage(ctx: Ctx, speaker: Speaker): Promise<View> {
  const { t } = speaker
  return view('privacy/hub', {
    title: t('privacy.hub.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    hold: await holdNotice(ctx, speaker),
    tiles: tiles.map(({ name, path, icon }) => ({
      href: `/app/${ctx.clinic.slug}${path}`,
      icon,
      name: t(`privacy.hub.${name}.name`),
      text: t(`privacy.hub.${name}.text`),
    })),
  })
}

/** Said wherever an owner looks after what is erased: who ordered what, and until when. */
export async function holdNotice(ctx: Ctx, speaker: Speaker) {
  const hold = await findLegalHold(ctx.db, ctx.clinic.id, ctx.now)
  return (
    hold && {
      until: speaker.t('privacy.hold.until', { at: speaker.date(hold.until.subtract({ seconds: 1 })) }),
      reason: hold.reason,
      owner: speaker.t('privacy.hold.owner', { name: hold.ownerName }),
    }
  )
}
