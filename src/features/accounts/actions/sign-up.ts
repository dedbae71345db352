import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction, type Transaction } from '../../../platform/db/transaction.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMail } from '../../../platform/mails.ts'
import { agreeable, recordAcceptances } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { addressBlock, throttle } from '../../../platform/throttle.ts'
import { openClinic } from '../../clinics/actions.ts'
import { currencyOf, zoneOf } from '../../clinics/rules/countries.ts'
import { findAccountByEmail, insertAccount, insertMember, type Account } from '../queries.ts'
import { limits } from '../rules.ts'
import { askToVerify } from './email.ts'

export type SignUp = {
  clinicName: string
  city: string
  country: string
  /** Only when it differs from what the country suggests. */
  zone: string | undefined
  specialty: string
  language: Language
  name: string
  email: string
  password: string
  /** The policies that stood on the form, by `namesOf`: opening a clinic is agreeing to them. */
  policies: string
}
export type SignedUp = { account: Account; slug: string }

/**
 * Opens a clinic with its owner, in one transaction. An e-mail that has an account already gets a mail that says so and
 * how to get in; the page only says to look there. That this page differs from a fresh sign-up can't be helped while a
 * fresh one leads straight into the clinic, which is what people come for: the limit per address, counted here, keeps it
 * from being a way to list accounts. Sign-in, reset and invitation tell nothing.
 */
export async function signUp(
  services: Services,
  origin: Origin,
  form: SignUp,
): Promise<Outcome<SignedUp, 'email_known'> | { ok: false; reason: 'too_many'; seconds: number }> {
  const { db, keys, clock, passwords } = services
  const address = addressBlock(origin.address ?? '')
  const seconds = await throttle(db, keys.platform, clock.now(), limits.signUpAddress, address)
  if (seconds !== undefined) return { ok: false, reason: 'too_many', seconds }
  const passwordHash = await passwords.hash(form.password)
  const opened = await inTransaction(db, (trx) => open(services, trx, origin, form, passwordHash))
  if (opened) return done(opened)
  await tellKnown(services, form.email)
  return refuse('email_known')
}

async function open(
  services: Services,
  trx: Transaction,
  origin: Origin,
  { name, email, language, ...form }: SignUp,
  passwordHash: string,
): Promise<SignedUp | undefined> {
  const now = services.clock.now()
  const account = await insertAccount(trx, {
    id: newId<'user'>(),
    email,
    emailUnproven: true,
    name,
    passwordHash,
    language,
    now,
  })
  if (!account) return undefined
  const clinic = await openClinic(services, trx, {
    name: form.clinicName,
    city: form.city,
    country: form.country,
    zone: form.zone ?? zoneOf(form.country),
    currency: currencyOf(form.country),
    specialty: form.specialty,
    language,
  })
  await insertMember(trx, { clinicId: clinic.id, userId: account.id, role: 'owner', now })
  const record = { kind: 'clinic', id: clinic.id }
  await auditPlatform(trx, 'clinic.opened', { at: now, origin, actorId: account.id, record, clinicId: clinic.id })
  const agreed = agreeable(services.policies.published(), form.policies, now)
  await askToVerify(services, trx, account)
  await recordAcceptances(trx, agreed, { userId: account.id, clinicId: clinic.id, language, at: now, origin })
  return { account, slug: clinic.slug }
}

/** Three of these an hour are enough for anybody. */
async function tellKnown({ db, keys, clock, config, speakers }: Services, email: string): Promise<void> {
  const now = clock.now()
  if ((await throttle(db, keys.platform, now, limits.resetAccount, email)) !== undefined) return
  const account = await findAccountByEmail(db, email)
  if (!account) return
  const { t, lang } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(db, keys.platform, {
    kind: 'sign_up_known',
    to: email,
    subject: t('accounts.mail.known.subject'),
    text: t('accounts.mail.known.text', {
      link: `${config.baseUrl}/sign-in?lang=${lang}`,
      forgot: `${config.baseUrl}/forgot-password?lang=${lang}`,
    }),
    now,
    expiresAt: now.add({ hours: 24 }),
  })
}
