import { allowed, deskPermissions, roles } from '../../../kernel/permissions.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'

/** The one table of who may do what, read to an owner: every door asks the same table. */
export function rolesPage(ctx: Ctx, speaker: Speaker): View {
  const { t } = speaker
  const columns = roles.map((role) => ({ role, name: t(`shared.role.${role}`), hint: t(`accounts.role_hint.${role}`) }))
  return view('accounts/roles', {
    title: t('accounts.roles.title'),
    menu: settingsMenu(ctx, speaker, 'staff'),
    back: { href: `/app/${ctx.clinic.slug}/settings/staff`, label: t('accounts.staff.title') },
    columns,
    rows: deskPermissions.map((permission) => ({
      permission,
      what: t(`accounts.permission.${permission.replace('.', '_')}`),
      cells: columns.map(({ role, name }) => ({ role, name, may: allowed(role, permission) })),
    })),
    support: `/app/${ctx.clinic.slug}/settings/support`,
  })
}
