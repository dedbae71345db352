import { at, type FieldGroup } from '../../pages.ts'
import type { DiarySettings } from '../../queries.ts'
import type { Draw } from './fields.ts'

export function roomsGroup(
  { ctx, speaker: { t }, form, field }: Draw,
  { resources, locations }: DiarySettings,
): FieldGroup {
  const title = t('clinics.services.rooms')
  const ticked = (name: string) => (form.values[name] ?? '').split(' ')
  const all = ['rooms', 'equipment', 'more_equipment'].flatMap(ticked)
  const usable = resources.filter(({ id, active }) => active || all.includes(id))
  const options = (kind: 'room' | 'equipment') =>
    usable
      .filter((one) => one.kind === kind)
      .map(({ id, name, locationId }) => {
        const place = locations.length > 1 ? locations.find((one) => one.id === locationId)?.name : undefined
        return { value: id, label: name, ...(place === undefined ? {} : { hint: place }) }
      })
  const [rooms, equipment] = [options('room'), options('equipment')]
  if (usable.length === 0) {
    const link = { href: at(ctx, '/settings/rooms/new'), label: t('clinics.rooms.add') }
    return { title, text: t('clinics.services.no_rooms'), link, rows: [] }
  }
  const ticks = (name: string, list: typeof rooms) => [
    field({ name, type: 'checkboxes', label: t(`clinics.services.need_${name}`), required: false, options: list }),
  ]
  return {
    title,
    text: t('clinics.services.rooms_text'),
    rows: [
      ...(rooms.length > 0 ? [ticks('rooms', rooms)] : []),
      ...(equipment.length > 0 ? [ticks('equipment', equipment)] : []),
    ],
    folds:
      equipment.length < 2
        ? []
        : [
            {
              title: t('clinics.services.two_machines'),
              open: (form.values.more_equipment ?? '') !== '',
              rows: [ticks('more_equipment', equipment)],
            },
          ],
  }
}
