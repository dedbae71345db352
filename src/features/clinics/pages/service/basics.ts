import type { FieldGroup } from '../../pages.ts'
import { visitTypes } from '../../rules/services.ts'
import { anyError, money, number, type Draw } from './fields.ts'

export function basicsGroup(draw: Draw): FieldGroup {
  const { ctx, speaker, field } = draw
  const { t } = speaker
  return {
    title: t('clinics.services.basics'),
    rows: [
      [
        field({
          name: 'name',
          label: t('clinics.services.name'),
          hint: t('clinics.services.name_hint'),
          maxlength: 80,
        }),
      ],
      [
        field({
          ...number,
          name: 'minutes',
          label: t('clinics.services.minutes'),
          hint: t('clinics.services.minutes_hint'),
          suffix: t('clinics.unit.min'),
        }),
        field({
          ...money,
          name: 'price',
          label: t('clinics.services.price'),
          hint: t('clinics.services.price_hint'),
          prefix: ctx.clinic.currency,
        }),
      ],
      [
        field({
          name: 'online',
          type: 'checkbox',
          label: t('clinics.services.online'),
          hint: t('clinics.services.online_hint'),
        }),
      ],
    ],
    folds: [followUpFold(draw)],
  }
}

function followUpFold({ ctx, speaker: { t }, form, field }: Draw) {
  const followUp = form.values.visit_type === 'follow_up'
  return {
    title: t('clinics.services.follow_up'),
    open: followUp || anyError(form, ['visit_type', 'follow_up_days', 'follow_up_price']),
    text: t('clinics.services.follow_up_text'),
    rows: [
      [
        field({
          name: 'visit_type',
          type: 'radio',
          label: t('clinics.services.type'),
          options: visitTypes.map((type) => ({ value: type, label: t(`clinics.services.type_${type}`) })),
        }),
      ],
      [
        field({
          ...number,
          name: 'follow_up_days',
          label: t('clinics.services.follow_up_days'),
          hint: t('clinics.services.follow_up_days_hint'),
          suffix: t('clinics.unit.days'),
        }),
        field({
          ...money,
          name: 'follow_up_price',
          label: t('clinics.services.follow_up_price'),
          hint: t('clinics.services.follow_up_price_hint'),
          prefix: ctx.clinic.currency,
        }),
      ],
    ],
  }
}
