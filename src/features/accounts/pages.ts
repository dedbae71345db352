// What the pages of this feature share: fields that keep what was typed.
import type { Form } from '../../kernel/forms.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'

/** Enough of a speaker for pages outside any clinic. */
export type Words = Pick<Speaker, 't' | 'lang'>

/** A field as `views/shared/field.ejs` draws it; the rest of its options are beside it there. */
export type Field = { name: string; [option: string]: unknown }

export const formScripts = ['/js/error-summary.js', '/js/password.js']

/** Gives fields what was typed into them and what is wrong with it. */
export const fieldIn =
  (form: Form) =>
  (field: Field): Field => ({
    ...field,
    value: form.values[field.name] ?? field.value ?? '',
    error: form.errors[field.name],
  })

export function newPasswordField({ t }: Words, form: Form, label = 'accounts.field.new_password'): Field {
  return fieldIn(form)({
    name: 'password',
    type: 'password',
    label: t(label),
    hint: t('accounts.field.password_hint'),
    autocomplete: 'new-password',
  })
}
