import { emptyForm, type Form } from '../../kernel/forms.ts'
import { roles } from '../../kernel/permissions.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { languageNames, languages } from '../../platform/i18n/languages.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { getDiarySettings } from '../clinics/queries.ts'
import { settingsSections, specialties } from '../clinics/rules.ts'
import { countryCodes } from '../clinics/rules/countries.ts'
import { listInvitations, listMembers, type Account } from './queries.ts'

type Words = Pick<Speaker, 't' | 'lang'>

const scripts = ['/js/error-summary.js', '/js/password.js']

const fieldsWith = (form: Form) => (field: { name: string; [option: string]: unknown }) => ({
  ...field,
  value: form.values[field.name] ?? field.value ?? '',
  error: form.errors[field.name],
})

const languageOptions = languages.map((value) => ({ value, label: languageNames[value] }))

export function signInPage({ t }: Words, form: Form = emptyForm, next = ''): View {
  const field = fieldsWith(form)
  return view('accounts/form', {
    title: t('accounts.sign_in.title'),
    lead: t('accounts.sign_in.lead'),
    scripts,
    form,
    action: '/sign-in',
    hidden: { next: form.values.next ?? next },
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
    links: [{ href: '/sign-up', label: t('accounts.sign_up.link'), css: 'btn-link' }],
    below: { href: '/forgot-password', label: t('accounts.forgot.link') },
    foot: { text: t('accounts.sign_in.new_here'), href: '/sign-up', label: t('accounts.sign_up.link') },
  })
}

const popularCountries = ['PK', 'IN', 'EG', 'AE', 'SA', 'KW', 'QA', 'BH', 'OM', 'JO', 'GB']

/** The countries we know best first, then all by name in the reader's language. */
function countryOptions({ lang, t }: Words) {
  const names = new Intl.DisplayNames(lang, { type: 'region' })
  const option = (value: string) => ({ value, label: names.of(value) ?? value })
  const rest = countryCodes
    .filter((code) => !popularCountries.includes(code))
    .map(option)
    .sort((a, b) => a.label.localeCompare(b.label, lang))
  return [{ value: '', label: t('accounts.field.country_choose') }, ...popularCountries.map(option), ...rest]
}

export function signUpPage(words: Words, form: Form = emptyForm, zones: readonly string[] = []): View {
  const { t, lang } = words
  const field = fieldsWith(form)
  return view('accounts/sign-up', {
    title: t('accounts.sign_up.title'),
    lead: t('accounts.sign_up.lead'),
    scripts,
    form,
    links: [{ href: '/sign-in', label: t('accounts.sign_in.title'), css: 'btn-link' }],
    clinicFields: [
      field({
        name: 'clinicName',
        label: t('accounts.field.clinic_name'),
        hint: t('accounts.field.clinic_name_hint'),
        autocomplete: 'organization',
      }),
      field({ name: 'city', label: t('accounts.field.city'), autocomplete: 'address-level2' }),
      field({
        name: 'country',
        type: 'select',
        label: t('accounts.field.country'),
        hint: t('accounts.field.country_hint'),
        options: countryOptions(words),
        autocomplete: 'country',
      }),
      ...(zones.length > 1
        ? [
            field({
              name: 'zone',
              type: 'select',
              label: t('accounts.field.zone'),
              options: zones.map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') })),
              dir: 'ltr',
            }),
          ]
        : []),
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
        hint: t('accounts.field.clinic_language_hint'),
        options: languageOptions,
        value: lang,
      }),
    ],
    ownerFields: [
      field({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name' }),
      field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'username' }),
      newPassword(words, form),
    ],
    submit: t('accounts.sign_up.submit'),
  })
}

function newPassword({ t }: Words, form: Form) {
  return {
    ...fieldsWith(form)({ name: 'password', type: 'password', label: t('accounts.field.new_password') }),
    hint: t('accounts.field.password_hint'),
    autocomplete: 'new-password',
  }
}

/** A page that says what happened, and where to go on. */
export function notePage(words: Words, key: string, link: { href: string; label: string }): View {
  return view('accounts/note', { title: words.t(`accounts.${key}.title`), text: words.t(`accounts.${key}.text`), link })
}

export function forgotPage({ t }: Words, form: Form = emptyForm): View {
  return view('accounts/form', {
    title: t('accounts.forgot.title'),
    lead: t('accounts.forgot.lead'),
    scripts,
    form,
    action: '/forgot-password',
    hidden: {},
    fields: [
      fieldsWith(form)({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'username' }),
    ],
    submit: t('accounts.forgot.submit'),
    below: { href: '/sign-in', label: t('accounts.sign_in.back') },
  })
}

export function resetPage(words: Words, action: string, form: Form = emptyForm): View {
  const { t } = words
  return view('accounts/form', {
    title: t('accounts.reset.title'),
    lead: t('accounts.reset.lead'),
    scripts,
    form,
    action,
    hidden: {},
    fields: [newPassword(words, form)],
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
  const fields =
    state === 'new'
      ? [
          fieldsWith(form)({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name' }),
          newPassword(words, form),
        ]
      : []
  return view('accounts/invitation', {
    title: t('accounts.invitation.title', { clinic: invitation.clinic }),
    lead: t('accounts.invitation.lead', { role: t(`shared.role.${invitation.role}`) }),
    email: invitation.email,
    state,
    scripts,
    form,
    action: invitation.action,
    fields,
  })
}

export function accountPage(words: Words, account: Account, forms: { profile?: Form; password?: Form } = {}): View {
  const { t } = words
  const profile = forms.profile ?? {
    values: { name: account.name, shortcuts: account.shortcuts ? 'yes' : '' },
    errors: {},
  }
  const password = forms.password ?? emptyForm
  const field = fieldsWith(profile)
  return view('accounts/account', {
    title: t('accounts.account.title'),
    scripts,
    email: account.email,
    form: { values: {}, errors: { ...profile.errors, ...password.errors } },
    profileFields: [
      field({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name' }),
      field({
        name: 'shortcuts',
        type: 'checkbox',
        label: t('accounts.field.shortcuts'),
        hint: t('accounts.field.shortcuts_hint'),
      }),
    ],
    passwordFields: [
      {
        ...fieldsWith(password)({ name: 'current', type: 'password', label: t('accounts.field.current_password') }),
        autocomplete: 'current-password',
      },
      newPassword(words, password),
    ],
    languages: languages.map((lang) => ({ lang, label: languageNames[lang], current: lang === words.lang })),
    themes: (['auto', 'light', 'dark'] as const).map((theme) => ({
      theme,
      label: t(`shared.theme.${theme}`),
      current: theme === account.theme,
    })),
  })
}

export function chooserPage({ t }: Words, clinics: { name: string; city: string; href: string; role: string }[]): View {
  return view('accounts/clinics', {
    title: t('accounts.clinics.title'),
    clinics: clinics.map((clinic) => ({ ...clinic, role: t(`shared.role.${clinic.role}`) })),
  })
}

export async function staffPage(ctx: Ctx, speaker: Speaker, form: Form = emptyForm): Promise<View> {
  const { t } = speaker
  const base = `/app/${ctx.clinic.slug}/settings/staff`
  const { practitioners } = await getDiarySettings(ctx)
  const members = await listMembers(ctx.db, ctx.clinic.id)
  const invitations = await listInvitations(ctx.db, ctx.clinic.id)
  const field = fieldsWith(form)
  const roleOptions = roles.map((value) => ({
    value,
    label: t(`shared.role.${value}`),
    hint: t(`accounts.role_hint.${value}`),
  }))
  const me = ctx.actor.kind === 'user' ? ctx.actor.userId : undefined
  return view('accounts/staff', {
    title: t('accounts.staff.title'),
    scripts,
    form,
    menu: settingsSections.map(({ key, path, icon, label }) => ({
      href: `/app/${ctx.clinic.slug}${path}`,
      icon,
      label: t(label),
      current: key === 'staff',
    })),
    members: members.map(({ userId, name, email, role }) => ({
      name,
      email,
      initials: name
        .split(/\s+/)
        .map((word) => [...word][0] ?? '')
        .slice(0, 2)
        .join(''),
      role,
      you: userId === me,
      roleAction: `${base}/${userId}/role`,
      removeAction: `${base}/${userId}/removal`,
      roles: roles.map((value) => ({ value, label: t(`shared.role.${value}`), current: value === role })),
    })),
    invitations: invitations.map(({ id, email, role, expiresAt }) => ({
      email,
      role: t(`shared.role.${role}`),
      state:
        expiresAt.epochMilliseconds > ctx.now.epochMilliseconds
          ? t('accounts.staff.until', { date: speaker.date(expiresAt) })
          : t('accounts.staff.expired'),
      againAction: `${base}/invitations/${id}/again`,
      withdrawAction: `${base}/invitations/${id}/withdrawal`,
    })),
    inviteAction: `${base}/invitations`,
    inviteFields: [
      field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'off' }),
      field({
        name: 'role',
        type: 'radio',
        label: t('accounts.field.role'),
        options: roleOptions,
        value: 'receptionist',
      }),
      ...(practitioners.length === 0
        ? []
        : [
            field({
              name: 'practitionerId',
              type: 'select',
              label: t('accounts.field.practitioner'),
              hint: t('accounts.field.practitioner_hint'),
              required: false,
              options: [
                { value: '', label: t('accounts.field.practitioner_none') },
                ...practitioners.filter(({ active }) => active).map(({ id, name }) => ({ value: id, label: name })),
              ],
            }),
          ]),
    ],
  })
}
