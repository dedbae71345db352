import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { qrSquares } from '../../../platform/qr.ts'
import type { Services } from '../../../platform/services.ts'
import type { Banner, DeskPlace, Person } from '../../../platform/web/routers.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { fieldIn, formScripts } from '../pages.ts'
import { findFactorReset } from '../queries/factor-resets.ts'
import { countRecoveryCodes, findSeed, listPasskeys } from '../queries/factors.ts'
import { daysUntil, fewRecoveryCodes, recoveryCodeCount } from '../rules/factors.ts'

const page = '/account/second-factor'
type Themed = Pick<Person, 'theme'>

const dueOf = ({ secondFactor, factorDue }: Person, now: Instant): 'none' | 'soon' | 'now' =>
  secondFactor || factorDue === null ? 'none' : isBefore(now, factorDue) ? 'soon' : 'now'

/** Everything somebody has besides the password, and what they can do about it. */
export async function factorPage(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  speaker: Speaker,
  person: Person,
): Promise<View> {
  const { t } = speaker
  const [seed, passkeys, left, reset] = await Promise.all([
    findSeed(db, person.userId),
    listPasskeys(db, person.userId),
    countRecoveryCodes(db, person.userId),
    findFactorReset(db, person.userId),
  ])
  const due = dueOf(person, clock.now())
  return view('accounts/second-factor', {
    title: t('accounts.factor.title'),
    theme: person.theme,
    // Until there is a factor there is no way back to the clinic.
    back: due === 'now' ? undefined : { href: '/account', label: t('accounts.account.title') },
    notice:
      due === 'now'
        ? t(person.platformAdmin ? 'accounts.factor.needed_admin' : 'accounts.factor.needed')
        : due === 'soon' && person.factorDue
          ? t('accounts.factor.due', { date: speaker.date(person.factorDue) })
          : undefined,
    reset: reset && {
      text: t('accounts.factor.reset_under_way', {
        who: reset.askedBy ?? t('accounts.factor.somebody'),
        at: speaker.dateTime(reset.dueAt),
        zone: speaker.offset(reset.dueAt),
      }),
      action: `${page}/reset/cancellation`,
    },
    on: person.secondFactor,
    app: {
      since: seed?.confirmedAt ? t('accounts.factor.since', { date: speaker.date(seed.confirmedAt) }) : undefined,
      start: `${page}/app`,
      removal: `${page}/app/removal`,
    },
    passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      name,
      created: t('accounts.factor.created', { date: speaker.date(createdAt) }),
      used: lastUsedAt
        ? t('accounts.factor.used', { at: speaker.dateTime(lastUsedAt), zone: speaker.offset(lastUsedAt) })
        : t('accounts.factor.unused'),
      removal: `/account/passkeys/${id}/removal`,
    })),
    newPasskey: '/account/passkeys/new',
    codes: {
      text: t('accounts.factor.codes_left', { count: left, all: recoveryCodeCount }),
      few: left <= fewRecoveryCodes,
      action: `${page}/codes`,
    },
    signOut: due === 'now',
  })
}

export function totpPage(
  { t }: Speaker,
  person: Themed,
  start: { seed: string; address: string },
  form: Form = emptyForm,
): View {
  return view('accounts/totp', {
    title: t('accounts.totp.title'),
    theme: person.theme,
    scripts: formScripts,
    back: { href: page, label: t('accounts.factor.title') },
    form,
    action: `${page}/app/code`,
    qr: qrSquares(start.address),
    // In fours, as people read it out to themselves.
    seed: start.seed.replace(/(.{4})(?=.)/g, '$1 '),
    address: start.address,
    fields: [
      fieldIn({ ...form, values: {} })({
        name: 'code',
        label: t('accounts.field.code'),
        hint: t('accounts.field.code_first_hint'),
        autocomplete: 'one-time-code',
        inputmode: 'numeric',
        css: 'input-code',
        dir: 'ltr',
        maxlength: 20,
      }),
    ],
  })
}

/** The one time the codes are seen. The file is in the page itself: asking for it again would show nothing. */
export function codesPage(
  speaker: Speaker,
  person: Pick<Person, 'theme' | 'email'>,
  codes: string[],
  now: Instant,
): View {
  const { t } = speaker
  const text = [
    t('accounts.codes.file_title', { email: person.email, date: speaker.date(now) }),
    '',
    ...codes,
    '',
    t('accounts.codes.file_text'),
    '',
  ].join('\r\n')
  return view('accounts/recovery-codes', {
    title: t('accounts.codes.title'),
    theme: person.theme,
    scripts: ['/js/poster.js'],
    email: person.email,
    date: speaker.date(now),
    codes,
    file: { name: 'nabz-recovery-codes.txt', href: `data:text/plain;charset=utf-8,${encodeURIComponent(text)}` },
    goOn: '/app',
  })
}

export function newPasskeyPage({ t }: Speaker, person: Themed, form: Form = emptyForm): View {
  return view('accounts/passkey', {
    title: t('accounts.passkey.title'),
    theme: person.theme,
    scripts: [...formScripts, '/js/passkey.js'],
    back: { href: page, label: t('accounts.factor.title') },
    form,
    action: '/account/passkeys',
    options: '/account/passkeys/options',
    fields: [
      fieldIn(form)({
        name: 'name',
        label: t('accounts.field.passkey_name'),
        hint: t('accounts.field.passkey_name_hint'),
        autocomplete: 'off',
        maxlength: 60,
      }),
    ],
  })
}

/** Counts the days of grace down, over every page of the desk. */
export function factorBanners({ person, role, speaker, now }: DeskPlace): Banner[] {
  if (role === 'support' || person.secondFactor || person.factorDue === null || !isBefore(now, person.factorDue))
    return []
  const { t } = speaker
  return [
    {
      kind: 'warning',
      icon: 'shield-lock',
      text: t('accounts.factor.banner', { count: daysUntil(now, person.factorDue) }),
      href: page,
      label: t('accounts.factor.banner_link'),
    },
  ]
}
