import type { FieldGroup } from '../../pages.ts'
import { mostQuestions, questionFields, questionKinds } from '../../rules/services.ts'
import { anyError, type Draw } from './fields.ts'

/** Those there are, and one more to be filled in. */
export function questionsGroup({ speaker: { t }, form, field }: Draw): FieldGroup {
  const numbers = Array.from({ length: mostQuestions }, (_, index) => index + 1)
  const filled = numbers.filter((one) => (form.values[questionFields(one).label] ?? '').trim() !== '')
  const blank = numbers.find((one) => !filled.includes(one))
  return {
    title: t('clinics.services.questions'),
    text: t('clinics.services.questions_text', { count: mostQuestions }),
    rows: [],
    folds: [...filled, ...(blank === undefined ? [] : [blank])].map((one) => {
      const fields = questionFields(one)
      const label = form.values[fields.label]?.trim() ?? ''
      return {
        title: label === '' ? t('clinics.services.question_add') : label,
        open: anyError(form, Object.values(fields)),
        rows: [
          [
            field({
              name: fields.label,
              label: t('clinics.services.question'),
              hint: t('clinics.services.question_hint'),
              required: false,
              maxlength: 120,
              dir: 'auto',
            }),
          ],
          [
            field({
              name: fields.kind,
              type: 'select',
              label: t('clinics.services.question_kind'),
              options: questionKinds.map((kind) => ({ value: kind, label: t(`clinics.services.kind_${kind}`) })),
              css: 'input-medium',
            }),
          ],
          [
            field({
              name: fields.choices,
              type: 'textarea',
              rows: 3,
              label: t('clinics.services.question_choices'),
              hint: t('clinics.services.question_choices_hint'),
              required: false,
              maxlength: 1000,
            }),
          ],
          [field({ name: fields.required, type: 'checkbox', label: t('clinics.services.question_required') })],
        ],
      }
    }),
  }
}
