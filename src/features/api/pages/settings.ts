import type { Form } from '../../../kernel/forms.ts'
import { scopes } from '../../../kernel/permissions.ts'
import { tokenMinutes } from '../../../platform/api-tokens.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { listClients } from '../queries.ts'
import { boxOf } from '../rules.ts'

const shown = 100
export const path = '/settings/api'

/** `made`: the key that was just made, whose secret is on this page and never again. */
export async function apiPage(
  ctx: Ctx,
  speaker: Speaker,
  baseUrl: string,
  form: Form,
  made?: { id: string; secret: string },
): Promise<View> {
  const { t } = speaker
  const at = (below: string) => `/app/${ctx.clinic.slug}${below}`
  const clients = await listClients(ctx, shown)
  return view('api/settings', {
    title: t('api.title'),
    menu: settingsMenu(ctx, speaker, 'api'),
    form,
    made,
    action: at(path),
    name: {
      name: 'name',
      label: t('api.field.name'),
      hint: t('api.field.name_hint'),
      value: form.values.name,
      error: form.errors.name,
      autocomplete: 'off',
    },
    scopes: scopes.map((scope) => ({
      name: boxOf(scope),
      type: 'checkbox',
      label: t(`api.scope.${scope.replace('.', '_')}.label`),
      hint: t(`api.scope.${scope.replace('.', '_')}.hint`),
      value: form.values[boxOf(scope)] === 'yes' || (Object.keys(form.values).length === 0 && scope === scopes[0]),
    })),
    scopesError: form.errors.scopes,
    clients: clients.map((one) => ({
      id: one.id,
      name: one.name,
      scopes: one.scopes.map((scope) => t(`api.scope.${scope.replace('.', '_')}.label`)).join(' · '),
      made: t('api.made_by', { name: one.createdBy ?? t('api.somebody'), date: speaker.date(one.createdAt) }),
      used: one.usedAt ? t('api.used', { at: speaker.dateTime(one.usedAt) }) : t('api.never_used'),
      revoked: one.revokedAt ? t('api.revoked_at', { date: speaker.date(one.revokedAt) }) : undefined,
      revokeAction: at(`${path}/${one.id}/revocation`),
    })),
    tokenExample: `curl -u "client_id:client_secret" -d grant_type=client_credentials \\\n  ${baseUrl}/oauth/token`,
    askExample: `curl -H "Authorization: Bearer …" \\\n  "${baseUrl}/api/v1/appointments?from=2027-01-04T00:00:00Z&to=2027-01-05T00:00:00Z"`,
    descriptionUrl: '/api/v1/openapi.json',
    minutes: tokenMinutes,
    scripts: ['/js/error-summary.js'],
  })
}
