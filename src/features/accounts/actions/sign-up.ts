import { newId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import type { Services } from '../../../platform/services.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMail } from '../../../platform/mails.ts'
import { openClinic } from '../../clinics/actions.ts'
import { currencyOf, zoneOf } from '../../clinics/rules/countries.ts'
import { findAccountByEmail, insertAccount, insertMember, type Account } from '../queries.ts'

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
}

/**
 * Opens a clinic with its owner, in one transaction. An e-mail that has an account already gets a mail that says so and
 * how to get in; the page only says to look there. (That the page differs from a fresh sign-up can't be helped while a
 * fresh one leads straight into the clinic; the limit per address keeps it from being a way to list accounts.)
 */
export async function signUp(
  services: Services,
  form: SignUp,
): Promise<Outcome<{ account: Account; slug: string }, 'email_known'>> {
  const { db, clock, passwords } = services
  const now = clock.now()
  const passwordHash = await passwords.hash(form.password)
  const opened = await db.transaction(async (trx) => {
    const id = newId<'user'>()
    if (
      !(await insertAccount(trx, {
        id,
        email: form.email,
        name: form.name,
        passwordHash,
        language: form.language,
        now,
      }))
    ) {
      return undefined
    }
    const clinic = await openClinic(services, trx, {
      name: form.clinicName,
      city: form.city,
      country: form.country,
      zone: form.zone ?? zoneOf(form.country),
      currency: currencyOf(form.country),
      specialty: form.specialty,
      language: form.language,
    })
    await insertMember(trx, { clinicId: clinic.id, userId: id, role: 'owner', now })
    return clinic
  })
  if (!opened) {
    await tellKnown(services, form)
    return refuse('email_known')
  }
  const account = await findAccountByEmail(db, form.email)
  if (!account) throw new Error('an account that was just made')
  return done({ account, slug: opened.slug })
}

async function tellKnown(services: Services, { email }: SignUp): Promise<void> {
  const { db, keys, clock, config, speakers } = services
  const account = await findAccountByEmail(db, email)
  if (!account) return
  const { t } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  await queueMail(db, keys.platform, {
    kind: 'sign_up_known',
    to: email,
    subject: t('accounts.mail.known.subject'),
    text: t('accounts.mail.known.text', {
      link: `${config.baseUrl}/sign-in`,
      forgot: `${config.baseUrl}/forgot-password`,
    }),
    now: clock.now(),
    expiresAt: clock.now().add({ hours: 24 }),
  })
}
