import { emptyForm, type Form } from '../../kernel/forms.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { listLocations, listPractitioners } from '../clinics/queries.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { listFeeds } from './queries.ts'
import { namings } from './rules.ts'

const shown = 100
export const path = '/settings/feeds'

/** `made`: the token of the feed that was just made, which is on this page and never again. */
export async function feedsPage(
  ctx: Ctx,
  speaker: Speaker,
  baseUrl: string,
  form: Form = emptyForm,
  made?: { token: string },
): Promise<View> {
  const { t } = speaker
  const at = (below: string) => `/app/${ctx.clinic.slug}${below}`
  const [practitioners, locations] = [await listPractitioners(ctx), await listLocations(ctx)]
  const feeds = await listFeeds(ctx, shown)
  const choose = (name: string, things: readonly { id: string; name: string; active: boolean }[]) => ({
    name,
    type: 'select',
    label: t(`feeds.field.${name}`),
    value: form.values[name],
    error: form.errors[name],
    options: [
      { value: '', label: t(`feeds.all.${name}`) },
      ...things.filter(({ active }) => active).map(({ id, name: label }) => ({ value: id, label })),
    ],
  })
  const nameOf = (id: string | null, things: readonly { id: string; name: string }[], all: string) =>
    id === null ? t(all) : (things.find((one) => one.id === id)?.name ?? t('feeds.gone'))
  const url = made && `${baseUrl}/feeds/${made.token}.ics`
  return view('feeds/settings', {
    title: t('feeds.title'),
    menu: settingsMenu(ctx, speaker, 'feeds'),
    form,
    made: url && { url, subscribe: url.replace(/^https?:/, 'webcal:') },
    action: at(path),
    fields: [
      {
        name: 'name',
        label: t('feeds.field.name'),
        hint: t('feeds.field.name_hint'),
        value: form.values.name,
        error: form.errors.name,
        autocomplete: 'off',
      },
      choose('practitioner', practitioners),
      // One place needs no choosing.
      ...(locations.filter(({ active }) => active).length > 1 ? [choose('location', locations)] : []),
      {
        name: 'names',
        type: 'radio',
        label: t('feeds.field.names'),
        value: form.values.names ?? 'initials',
        error: form.errors.names,
        options: namings.map((value) => ({
          value,
          label: t(`feeds.names.${value}`),
          hint: t(`feeds.names.${value}_hint`),
        })),
      },
    ],
    feeds: feeds.map((one) => ({
      name: one.name,
      what: [
        nameOf(one.practitionerId, practitioners, 'feeds.all.practitioner'),
        nameOf(one.locationId, locations, 'feeds.all.location'),
        t(`feeds.names.${one.names}`),
      ],
      made: t('feeds.made_by', { name: one.createdBy ?? t('feeds.somebody'), date: speaker.date(one.createdAt) }),
      used: one.usedAt ? t('feeds.used', { at: speaker.dateTime(one.usedAt) }) : t('feeds.never_used'),
      revoked: one.revokedAt ? t('feeds.revoked_at', { date: speaker.date(one.revokedAt) }) : undefined,
      revokeAction: at(`${path}/${one.id}/revocation`),
    })),
    scripts: ['/js/error-summary.js', '/js/copy.js'],
  })
}
