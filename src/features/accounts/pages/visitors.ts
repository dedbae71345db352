import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { languageNames, languages } from '../../../platform/i18n/languages.ts'
import { namesOf, type PolicyVersion } from '../../../platform/policies.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { countryCodes } from '../../clinics/rules/countries.ts'
import { specialties } from '../../clinics/rules.ts'
import { fieldIn, formScripts, newPasswordField, type Words } from '../pages.ts'

export function signInPage({ t }: Words, form: Form = emptyForm, next = ''): View {
  const field = fieldIn(form)
  return view('accounts/form', {
    title: t('accounts.sign_in.title'),
    lead: t('accounts.sign_in.lead'),
    scripts: [...formScripts, '/js/passkey.js'],
    form,
    action: '/sign-in',
    hidden: { next: form.values.next ?? next },
    passkey: {
      action: '/sign-in/passkey',
      options: '/sign-in/passkey-options',
      field: 'response',
      label: t('accounts.sign_in.passkey'),
      carried: [['next', form.values.next ?? next]],
    },
    fields: [
      field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'username' }),
      field({
        name: 'password',
        type: 'password',
        label: t('accounts.field.password'),
        autocomplete: 'current-password',
      }),
    ],
    submit: t('accounts.sign_in.submit'),
    below: { href: '/forgot-password', label: t('accounts.forgot.link') },
    foot: { text: t('accounts.sign_in.new_here'), href: '/sign-up', label: t('accounts.sign_up.link') },
  })
}

const familiarCountries = ['PK', 'IN', 'EG', 'AE', 'SA', 'KW', 'QA', 'BH', 'OM', 'JO', 'GB']

/** The countries we know best first, then all by name in the reader's language. */
function countryOptions({ lang, t }: Words) {
  const names = new Intl.DisplayNames(lang, { type: 'region' })
  const option = (value: string) => ({ value, label: names.of(value) ?? value })
  const rest = countryCodes
    .filter((code) => !familiarCountries.includes(code))
    .map(option)
    .sort((a, b) => a.label.localeCompare(b.label, lang))
  return [{ value: '', label: t('accounts.field.country_choose') }, ...familiarCountries.map(option), ...rest]
}

/** `zones` are those of the country that was chosen; asked about only where there are several. */
export function signUpPage(
  words: Words,
  agreed: readonly PolicyVersion[],
  form: Form = emptyForm,
  zones: readonly string[] = [],
): View {
  const { t, lang } = words
  const field = fieldIn(form)
  const zoneField = field({
    name: 'zone',
    type: 'select',
    label: t('accounts.field.zone'),
    options: zones.map((zone) => ({ value: zone, label: zoneName(zone) })),
  })
  // The summary names what is wrong in the order of the page.
  const inOrder = ['clinicName', 'city', 'country', 'zone', 'specialty', 'language', 'name', 'email', 'password']
  const errors = Object.fromEntries(
    inOrder.flatMap((name) => (form.errors[name] === undefined ? [] : [[name, form.errors[name]]])),
  )
  return view('accounts/sign-up', {
    title: t('accounts.sign_up.title'),
    lead: t('accounts.sign_up.lead'),
    scripts: formScripts,
    form: { ...form, errors },
    clinicRows: [
      [
        field({
          name: 'clinicName',
          label: t('accounts.field.clinic_name'),
          hint: t('accounts.field.clinic_name_hint'),
          autocomplete: 'organization',
          maxlength: 100,
        }),
      ],
      [
        field({ name: 'city', label: t('accounts.field.city'), autocomplete: 'address-level2', maxlength: 80 }),
        field({
          name: 'country',
          type: 'select',
          label: t('accounts.field.country'),
          options: countryOptions(words),
          autocomplete: 'country',
        }),
      ],
      ...(zones.length > 1 ? [[zoneField]] : []),
      [
        field({
          name: 'specialty',
          type: 'select',
          label: t('accounts.field.specialty'),
          options: specialties.map((value) => ({ value, label: t(`clinics.specialty.${value}`) })),
        }),
        field({
          name: 'language',
          type: 'select',
          label: t('accounts.field.clinic_language'),
          options: languages.map((value) => ({ value, label: languageNames[value] })),
          value: lang,
        }),
      ],
    ],
    ownerRows: [
      [field({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name', maxlength: 120 })],
      [field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'username' })],
      [newPasswordField(words, form)],
    ],
    policies: namesOf(agreed),
    agreed: agreed.map(({ code, version }) => ({
      href: `/${code}/versions/${version}`,
      label: t(`policies.title.${code}`),
    })),
    submit: t('accounts.sign_up.submit'),
    foot: { text: t('accounts.sign_up.known'), href: '/sign-in', label: t('accounts.sign_in.title') },
  })
}

/** `America/Argentina/Buenos_Aires` as people say it; IANA has no names in other languages. */
const zoneName = (zone: string): string => (zone.split('/').slice(1).join(', ') || zone).replaceAll('_', ' ')

/** A page that says what happened, and where to go on. */
export function notePage(words: Words, key: string, link: { href: string; label: string }): View {
  return view('accounts/note', { title: words.t(`accounts.${key}.title`), text: words.t(`accounts.${key}.text`), link })
}

export function forgotPage({ t }: Words, form: Form = emptyForm): View {
  return view('accounts/form', {
    title: t('accounts.forgot.title'),
    lead: t('accounts.forgot.lead'),
    scripts: formScripts,
    form,
    action: '/forgot-password',
    hidden: {},
    fields: [
      fieldIn(form)({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'username' }),
    ],
    submit: t('accounts.forgot.submit'),
    below: { href: '/sign-in', label: t('accounts.sign_in.back') },
  })
}

export function resetPage(words: Words, link: { action: string; email: string }, form: Form = emptyForm): View {
  const { t } = words
  return view('accounts/form', {
    title: t('accounts.reset.title'),
    lead: t('accounts.reset.lead'),
    scripts: formScripts,
    form,
    action: link.action,
    hidden: {},
    // For the browser's password manager, which would else not know whose password this is.
    username: link.email,
    fields: [newPasswordField(words, form)],
    submit: t('accounts.reset.submit'),
  })
}

export function invitationPage(
  words: Words,
  invitation: { clinic: string; role: string; email: string; action: string },
  state: 'new' | 'ready' | 'sign_in' | 'other_account',
  form: Form = emptyForm,
): View {
  const { t } = words
  return view('accounts/invitation', {
    title: t('accounts.invitation.title', { clinic: invitation.clinic }),
    lead: t('accounts.invitation.lead', { role: t(`shared.role.${invitation.role}`) }),
    email: invitation.email,
    state,
    scripts: formScripts,
    form,
    action: invitation.action,
    signIn: `/sign-in?next=${encodeURIComponent(invitation.action)}`,
    fields:
      state === 'new'
        ? [
            fieldIn(form)({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name', maxlength: 120 }),
            newPasswordField(words, form),
          ]
        : [],
  })
}
