// What the desk's pages of the waiting list have in common.
import { allowed, type Permission } from '../../../kernel/permissions.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { offerOf } from '../../availability/actions.ts'
import type { DiarySettings } from '../../clinics/queries.ts'

export const at = (ctx: Ctx, path: string) => `/app/${ctx.clinic.slug}${path}`
export const may = (ctx: Ctx, permission: Permission) =>
  ctx.actor.kind === 'user' && allowed(ctx.actor.role, permission)

export const choiceField = (name: string, label: string, value: string | undefined, any: string, options: { value: string; label: string }[]) => ({
  name,
  label,
  type: 'select',
  value: value ?? '',
  options: [{ value: '', label: any }, ...options],
}) // prettier-ignore

export const servicesOf = (settings: DiarySettings) =>
  settings.services
    .filter(({ id }) => offerOf(settings, 'patient', id, 'any'))
    .map(({ id, name }) => ({ value: id, label: name }))
export const doctorsOf = (settings: DiarySettings) =>
  settings.practitioners.filter(({ active }) => active).map(({ id, name }) => ({ value: id, label: name }))

export const nameOf = ({ t }: Speaker, entry: { patientName: string | null }): string =>
  entry.patientName ?? t('waitlist.desk.somebody')
