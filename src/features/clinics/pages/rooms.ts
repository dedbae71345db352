// Rooms and equipment.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { Id } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, listOf, type FieldGroup } from '../pages.ts'
import { getDiarySettings, type DiarySettings } from '../queries.ts'
import { resourceKinds } from '../rules/services.ts'
import { settingsMenu } from '../rules/settings.ts'

const icons = { room: 'door-enter', equipment: 'device-desktop' } as const

export async function roomsPage(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  return view('clinics/list', {
    title: t('clinics.rooms.title'),
    lead: t('clinics.rooms.lead'),
    menu: settingsMenu(ctx, speaker, 'rooms'),
    add: { href: at(ctx, '/settings/rooms/new'), label: t('clinics.rooms.add') },
    empty: {
      icon: 'door-enter',
      title: t('clinics.rooms.empty_title'),
      text: t('clinics.rooms.empty_text'),
      action: { href: at(ctx, '/settings/rooms/new'), label: t('clinics.rooms.add'), icon: 'plus' },
    },
    ...listOf(
      ctx,
      '/settings/rooms',
      settings.resources.map((resource) => ({
        id: resource.id,
        name: resource.name,
        active: resource.active,
        href: at(ctx, `/settings/rooms/${resource.id}`),
        icon: icons[resource.kind],
        meta: [
          t(`clinics.rooms.kind_${resource.kind}`),
          settings.locations.find(({ id }) => id === resource.locationId)?.name ?? t('clinics.rooms.everywhere'),
          neededBy(settings, resource.id, speaker),
        ],
      })),
    ),
  })
}

function neededBy({ services, serviceResources }: DiarySettings, id: Id<'resource'>, speaker: Speaker): string {
  const names = services
    .filter(({ active }) => active)
    .filter((service) => serviceResources.some((one) => one.resourceId === id && one.serviceId === service.id))
    .map(({ name }) => name)
  return names.length === 0
    ? speaker.t('clinics.rooms.for_nothing')
    : speaker.t('clinics.rooms.for', { services: speaker.list(names.map(isolated)) })
}

export async function roomPage(ctx: Ctx, speaker: Speaker, id: Id<'resource'> | undefined, refused?: Form) {
  const { t } = speaker
  const { resources, locations } = await getDiarySettings(ctx)
  const resource = resources.find((one) => one.id === id)
  if (id !== undefined && !resource) return notFound('resource')
  const places = locations.filter((place) => place.active || place.id === resource?.locationId)
  const form =
    refused ??
    filledForm({
      name: resource?.name ?? '',
      kind: resource?.kind ?? 'room',
      location: resource ? (resource.locationId ?? '') : (places[0]?.id ?? ''),
    })
  const field = fieldIn(form)
  return view('clinics/edit', {
    title: resource?.name ?? t('clinics.rooms.add'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/rooms'), label: t('clinics.rooms.title') },
    menu: settingsMenu(ctx, speaker, 'rooms'),
    form,
    action: at(ctx, resource ? `/settings/rooms/${resource.id}` : '/settings/rooms'),
    submit: resource ? t('clinics.action.save') : t('clinics.rooms.add'),
    cancel: at(ctx, '/settings/rooms'),
    groups: [
      {
        rows: [
          [field({ name: 'name', label: t('clinics.rooms.name'), hint: t('clinics.rooms.name_hint'), maxlength: 80 })],
          [
            field({
              name: 'kind',
              type: 'radio',
              label: t('clinics.rooms.kind'),
              options: resourceKinds.map((kind) => ({
                value: kind,
                label: t(`clinics.rooms.kind_${kind}`),
                hint: t(`clinics.rooms.kind_${kind}_hint`),
              })),
            }),
          ],
          [
            field({
              name: 'location',
              type: 'select',
              label: t('clinics.rooms.location'),
              hint: t('clinics.rooms.location_hint'),
              options: [
                ...places.map((place) => ({ value: place.id, label: place.name })),
                { value: '', label: t('clinics.rooms.everywhere') },
              ],
            }),
          ],
        ],
      },
    ] satisfies FieldGroup[],
    ...(resource?.active
      ? {
          end: {
            href: at(ctx, `/settings/rooms/${resource.id}/deactivation`),
            label: t('clinics.services.end'),
            text: t('clinics.rooms.end_hint'),
          },
        }
      : {}),
  })
}
