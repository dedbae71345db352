import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { LocationId } from '../../../kernel/ids.ts'
import { phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, listOf, type FieldGroup } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { settingsMenu } from '../rules/settings.ts'

export async function locationsPage(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  const { locations } = await getDiarySettings(ctx)
  return view('clinics/list', {
    title: t('clinics.locations.title'),
    lead: t('clinics.locations.lead'),
    menu: settingsMenu(ctx, speaker, 'locations'),
    add: { href: at(ctx, '/settings/locations/new'), label: t('clinics.locations.add') },
    empty: undefined,
    ...listOf(
      ctx,
      '/settings/locations',
      locations.map((location) => ({
        id: location.id,
        name: location.name,
        active: location.active,
        href: at(ctx, `/settings/locations/${location.id}`),
        icon: 'map-pin',
        meta: location.address === '' ? [] : [location.address],
        ...(location.address === '' ? { note: t('clinics.locations.no_address') } : {}),
      })),
    ),
  })
}

export async function locationPage(ctx: Ctx, speaker: Speaker, id: LocationId | undefined, refused?: Form) {
  const { t } = speaker
  const { locations } = await getDiarySettings(ctx)
  const location = locations.find((one) => one.id === id)
  if (id !== undefined && !location) return notFound('location')
  const form =
    refused ??
    filledForm({
      name: location?.name ?? '',
      address: location?.address ?? '',
      map_url: location?.mapUrl ?? '',
      phone: location?.phone == null ? '' : phoneText(location.phone),
    })
  const field = fieldIn(form)
  const others = locations.some((one) => one.active && one.id !== id)
  return view('clinics/edit', {
    title: location?.name ?? t('clinics.locations.add'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/locations'), label: t('clinics.locations.title') },
    menu: settingsMenu(ctx, speaker, 'locations'),
    form,
    action: at(ctx, location ? `/settings/locations/${location.id}` : '/settings/locations'),
    submit: location ? t('clinics.action.save') : t('clinics.locations.add'),
    cancel: at(ctx, '/settings/locations'),
    groups: [
      {
        rows: [
          [
            field({
              name: 'name',
              label: t('clinics.locations.name'),
              hint: t('clinics.locations.name_hint'),
              maxlength: 80,
            }),
          ],
          [
            field({
              name: 'address',
              type: 'textarea',
              rows: 2,
              label: t('clinics.locations.address'),
              hint: t('clinics.locations.address_hint'),
              required: false,
              maxlength: 300,
            }),
          ],
          [
            field({
              name: 'map_url',
              label: t('clinics.locations.map_url'),
              hint: t('clinics.locations.map_url_hint'),
              inputmode: 'url',
              dir: 'ltr',
              required: false,
              maxlength: 500,
            }),
          ],
          [
            field({
              name: 'phone',
              type: 'tel',
              label: t('clinics.locations.phone'),
              hint: t('clinics.locations.phone_hint'),
              required: false,
            }),
          ],
        ],
      },
    ] satisfies FieldGroup[],
    ...(location?.active && others
      ? {
          end: {
            href: at(ctx, `/settings/locations/${location.id}/deactivation`),
            label: t('clinics.locations.end'),
            text: t('clinics.locations.end_hint'),
          },
        }
      : {}),
  })
}
