import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import { startOf, type Role } from '../../../kernel/permissions.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { Temporal } from '../../../kernel/time.ts'
import { languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Banner, DeskPlace } from '../../../platform/web/routers.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { initialsOf } from '../../clinics/rules.ts'
import { fieldIn, formScripts, newPasswordField, type Words } from '../pages.ts'
import type { Account } from '../queries.ts'
import type { StoredSession } from '../queries/sessions.ts'

export type AccountForms = { profile?: Form; password?: Form; email?: Form; photo?: Form }
export type AccountFacts = {
  account: Account
  secondFactor: boolean
  sessions: readonly StoredSession[]
  /** The session somebody looks at this in. */
  current: string | undefined
}

export function accountPage(
  words: Speaker,
  { account, secondFactor, sessions, current }: AccountFacts,
  forms: AccountForms = {},
): View {
  const { t } = words
  const profile =
    forms.profile ??
    filledForm({
      name: account.name,
      phone: account.phone === null ? '' : phoneText(account.phone),
      whatsapp: account.whatsapp === null ? '' : phoneText(account.whatsapp),
      shortcuts: account.shortcuts ? 'yes' : '',
    })
  const { password = emptyForm, email = emptyForm, photo = emptyForm } = forms
  const field = fieldIn(profile)
  return view('accounts/account', {
    title: t('accounts.account.title'),
    theme: account.theme,
    scripts: formScripts,
    email: account.email,
    emailUnproven: account.emailUnproven,
    photo: photoOf(words, account, photo),
    sessions: sessions.map((one) => sessionLine(words, one, current)),
    others: sessions.length > 1,
    factor: {
      on: secondFactor,
      text: t(secondFactor ? 'accounts.factor.on_text' : 'accounts.factor.off_text'),
      href: '/account/second-factor',
      label: t(secondFactor ? 'accounts.factor.change_link' : 'accounts.factor.set_up'),
    },
    form: { values: {}, errors: { ...profile.errors, ...photo.errors, ...email.errors, ...password.errors } },
    profileFields: [
      field({ name: 'name', label: t('accounts.field.name'), autocomplete: 'name', maxlength: 120 }),
      ...(['phone', 'whatsapp'] as const).map((name) =>
        field({
          name,
          type: 'tel',
          label: t(`accounts.field.${name}`),
          hint: t(`accounts.field.${name}_hint`),
          autocomplete: name === 'phone' ? 'tel' : 'off',
          required: false,
          maxlength: 40,
        }),
      ),
      field({
        name: 'shortcuts',
        type: 'checkbox',
        label: t('accounts.field.shortcuts'),
        hint: t('accounts.field.shortcuts_hint'),
      }),
    ],
    emailFields: [
      fieldIn(email)({
        name: 'new_email',
        type: 'email',
        label: t('accounts.field.new_email'),
        autocomplete: 'email',
        maxlength: 254,
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

function photoOf({ t }: Words, { name, photo }: Account, form: Form) {
  return {
    // The version is for the browser's cache of pictures within a page.
    ...(photo === null ? {} : { src: `/account/photo?v=${photo}`, alt: t('accounts.photo.of', { name }) }),
    initials: initialsOf(name),
    field: fieldIn(form)({
      name: 'photo',
      type: 'file',
      label: t('accounts.photo.choose'),
      hint: t('accounts.photo.hint'),
      accept: 'image/jpeg,image/png,image/webp',
    }),
  }
}

/** A session as its owner knows it again. */
function sessionLine(speaker: Speaker, session: StoredSession, current: string | undefined) {
  const { t } = speaker
  const { facts, startedAt, seenAt } = session
  const at = (milliseconds: number) => {
    const instant = Temporal.Instant.fromEpochMilliseconds(milliseconds)
    return { at: speaker.dateTime(instant), zone: speaker.offset(instant) }
  }
  return {
    id: facts?.id,
    name: t('accounts.sessions.name', {
      browser: t(`accounts.browser.${facts?.family ?? 'other'}`),
      platform: t(`accounts.platform.${facts?.platform ?? 'other'}`),
    }),
    icon: facts && ['iphone', 'android'].includes(facts.platform) ? 'device-mobile' : 'device-desktop',
    since: t('accounts.sessions.since', at(startedAt)),
    seen: t('accounts.sessions.seen', at(seenAt)),
    network: facts?.network,
    current: facts !== undefined && facts.id === current,
  }
}

/** Until somebody has shown to read the e-mail they signed up with. */
export function verifyBanners({ person, role, speaker }: DeskPlace): Banner[] {
  if (role === 'support' || !person.emailUnproven) return []
  return [
    {
      kind: 'info',
      icon: 'mail',
      text: speaker.t('accounts.verification.banner', { email: person.email }),
      form: { action: '/account/email/verification', label: speaker.t('accounts.verification.again'), icon: 'send' },
    },
  ]
}

type Workplace = { name: string; city: string; slug: string; role: Role }

export function chooserPage({ t }: Words, person: { theme: string }, clinics: readonly Workplace[]): View {
  return view('accounts/clinics', {
    title: t('accounts.clinics.title'),
    theme: person.theme,
    clinics: clinics.map(({ name, city, slug, role }) => ({
      name,
      city,
      href: `/app/${slug}${startOf(role)}`,
      role: t(`shared.role.${role}`),
    })),
  })
}
