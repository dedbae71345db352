import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { fieldIn, formScripts, type Field, type Words } from '../pages.ts'

type Factors = { app: boolean; passkey: boolean }
/** Fields of a form that waits, as they were typed. */
export type Carried = [name: string, value: string][]

const scripts = [...formScripts, '/js/passkey.js']

/** For somebody who has passkeys only, the field is for the codes on paper. */
const codeField = ({ t }: Words, name: string, app: boolean): Field => ({
  name,
  label: t(app ? 'accounts.field.code' : 'accounts.field.recovery_code'),
  hint: t(app ? 'accounts.field.code_hint' : 'accounts.field.recovery_code_hint'),
  autocomplete: 'one-time-code',
  css: 'input-proof',
  dir: 'ltr',
  maxlength: 40,
})

export function secondStepPage(words: Words, factors: Factors, form: Form = emptyForm): View {
  const { t } = words
  return view('accounts/second-step', {
    title: t('accounts.second_step.title'),
    lead: t(factors.app ? 'accounts.second_step.lead' : 'accounts.second_step.lead_passkey'),
    scripts,
    form,
    action: '/sign-in/second-step',
    carried: [],
    fields: [fieldIn(form)(codeField(words, 'code', factors.app))],
    submit: t('accounts.second_step.submit'),
    passkey: factors.passkey && {
      action: '/sign-in/second-step/passkey',
      options: '/sign-in/second-step/passkey-options',
      field: 'response',
    },
    below: { href: '/sign-in', label: t('accounts.second_step.other') },
    lost: t('accounts.second_step.lost'),
  })
}

export function confirmPage(
  words: Words,
  person: { email: string; theme: string },
  what: { action: string; carried: Carried; factors: Factors },
  form: Form,
): View {
  const { t } = words
  const { action, carried, factors } = what
  const second = factors.app || factors.passkey
  const password: Field = {
    name: 'confirm_password',
    type: 'password',
    label: t('accounts.field.password'),
    autocomplete: 'current-password',
  }
  return view('accounts/second-step', {
    title: t('accounts.confirm.title'),
    lead: t('accounts.confirm.lead'),
    theme: person.theme,
    scripts,
    form,
    username: person.email,
    action,
    carried,
    fields: [fieldIn(form)(second ? codeField(words, 'confirm_code', factors.app) : password)],
    submit: t('accounts.confirm.submit'),
    passkey: factors.passkey && {
      action,
      options: '/account/confirm/passkey-options',
      field: 'confirm_passkey',
    },
  })
}
