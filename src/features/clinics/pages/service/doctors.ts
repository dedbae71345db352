import { isolated } from '../../../../kernel/names.ts'
import { at, type FieldGroup } from '../../pages.ts'
import type { Practitioner } from '../../queries.ts'
import { ownFields } from '../../rules/services.ts'
import { anyError, anyTyped, money, number, type Draw } from './fields.ts'

/** Who does it, and what it takes and costs with each of them. */
export function doctorsGroup({ ctx, speaker: { t }, form, field }: Draw, doctors: readonly Practitioner[]): FieldGroup {
  const title = t('clinics.services.doctors_prices')
  if (doctors.length === 0) {
    const link = { href: at(ctx, '/settings/doctors/new'), label: t('clinics.doctors.add') }
    return { title, text: t('clinics.services.no_doctors'), link, rows: [] }
  }
  const own = doctors.flatMap(({ id }) => Object.values(ownFields(id)))
  return {
    title,
    rows: [
      [
        field({
          name: 'doctors',
          type: 'checkboxes',
          label: t('clinics.services.doctors'),
          options: doctors.map((doctor) => ({ value: doctor.id, label: doctor.name })),
        }),
      ],
    ],
    folds: [
      {
        title: t('clinics.services.own'),
        open: anyTyped(form, own) || anyError(form, own),
        text: t('clinics.services.own_text'),
        rows: doctors.map(({ id, name }) => [
          field({
            ...number,
            name: ownFields(id).minutes,
            label: t('clinics.services.own_minutes', { name: isolated(name) }),
            required: false,
            suffix: t('clinics.unit.min'),
          }),
          field({
            ...money,
            name: ownFields(id).price,
            label: t('clinics.services.own_price', { name: isolated(name) }),
            prefix: ctx.clinic.currency,
          }),
        ]),
      },
    ],
  }
}
