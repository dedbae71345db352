import type { FieldGroup } from '../../pages.ts'
import { noticeChoices } from '../../rules.ts'
import { noticeText } from '../profile.ts'
import { anyError, anyTyped, number, type Draw } from './fields.ts'

export function rulesGroup({ speaker, form, field }: Draw): FieldGroup {
  const { t } = speaker
  const own = ['notice', 'horizon', 'same_day'] as const
  const typed = form.values.notice ?? ''
  const notices = [...noticeChoices.map(String), ...(typed === '' ? [] : [typed])]
  return {
    title: t('clinics.services.rules'),
    rows: [
      [
        field({
          ...number,
          name: 'before',
          label: t('clinics.services.before'),
          hint: t('clinics.services.before_hint'),
          suffix: t('clinics.unit.min'),
        }),
        field({
          ...number,
          name: 'after',
          label: t('clinics.services.after'),
          hint: t('clinics.services.after_hint'),
          suffix: t('clinics.unit.min'),
        }),
        field({
          ...number,
          name: 'capacity',
          label: t('clinics.services.capacity'),
          hint: t('clinics.services.capacity_hint'),
        }),
      ],
      [
        field({
          name: 'new_only',
          type: 'checkbox',
          label: t('clinics.services.new_only'),
          hint: t('clinics.services.new_only_hint'),
        }),
      ],
    ],
    folds: [
      {
        title: t('clinics.services.own_rules'),
        open: anyTyped(form, own) || anyError(form, own),
        text: t('clinics.services.own_rules_text'),
        rows: [
          [
            field({
              name: 'notice',
              type: 'select',
              label: t('clinics.rules.notice'),
              options: [
                { value: '', label: t('clinics.services.as_clinic') },
                ...[...new Set(notices)]
                  .map((value) => ({ value, minutes: Number(value) }))
                  .filter(({ minutes }) => Number.isInteger(minutes))
                  .sort((a, b) => a.minutes - b.minutes)
                  .map(({ value, minutes }) => ({ value, label: noticeText(speaker, minutes) })),
              ],
            }),
            field({
              ...number,
              name: 'horizon',
              label: t('clinics.rules.horizon'),
              required: false,
              suffix: t('clinics.unit.days'),
            }),
            field({
              name: 'same_day',
              type: 'select',
              label: t('clinics.services.same_day'),
              options: [
                { value: '', label: t('clinics.services.as_clinic') },
                { value: 'yes', label: t('clinics.services.same_day_yes') },
                { value: 'no', label: t('clinics.services.same_day_no') },
              ],
            }),
          ],
        ],
      },
    ],
  }
}
