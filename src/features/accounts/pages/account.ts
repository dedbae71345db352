import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import type { Role } from '../../../kernel/permissions.ts'
import { languageNames, languages } from '../../../platform/i18n/languages.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { fieldIn, formScripts, newPasswordField, type Words } from '../pages.ts'
import type { Account } from '../queries.ts'

export function accountPage(
  words: Words,
  account: Account,
  secondFactor: boolean,
  forms: { profile?: Form; password?: Form } = {},
): View {
  const { t } = words
  const profile = forms.profile ?? filledForm({ name: account.name, shortcuts: account.shortcuts ? 'yes' : '' })
  const password = forms.password ?? emptyForm
  const field = fieldIn(profile)
  return view('accounts/account', {
    title: t('accounts.account.title'),
    theme: account.theme,
    scripts: formScripts,
    email: account.email,
    factor: {
      on: secondFactor,
      text: t(secondFactor ? 'accounts.factor.on_text' : 'accounts.factor.off_text'),
      href: '/account/second-factor',
      label: t(secondFactor ? 'accounts.factor.change_link' : 'accounts.factor.set_up'),
    },
    form: { values: {}, errors: { ...profile.errors, ...password.errors } },
    profileFields: [
      field({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name', maxlength: 120 }),
      field({
        name: 'shortcuts',
        type: 'checkbox',
        label: t('accounts.field.shortcuts'),
        hint: t('accounts.field.shortcuts_hint'),
      }),
    ],
    passwordFields: [
      fieldIn(password)({
        name: 'current',
        type: 'password',
        label: t('accounts.field.current_password'),
        autocomplete: 'current-password',
      }),
      newPasswordField(words, password, 'accounts.field.next_password'),
    ],
    languages: languages.map((lang) => ({ lang, label: languageNames[lang], current: lang === words.lang })),
    themes: (
      [
        ['auto', 'device-desktop', 'shared.theme.auto'],
        ['light', 'sun', 'shared.theme.light'],
        ['dark', 'moon', 'shared.theme.dark'],
      ] as const
    ).map(([theme, icon, label]) => ({ theme, icon, label: t(label), current: theme === account.theme })),
  })
}

type Workplace = { name: string; city: string; slug: string; role: Role }

export function chooserPage({ t }: Words, person: { theme: string }, clinics: readonly Workplace[]): View {
  return view('accounts/clinics', {
    title: t('accounts.clinics.title'),
    theme: person.theme,
    clinics: clinics.map(({ name, city, slug, role }) => ({
      name,
      city,
      href: `/app/${slug}/today`,
      role: t(`shared.role.${role}`),
    })),
  })
}
