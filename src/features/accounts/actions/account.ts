// One's own account: who is signed in, and how the pages should be for them.
import type { Phone } from '../../../kernel/phone.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Services } from '../../../platform/services.ts'
import {
  findAccount,
  findAccountByEmail,
  updateLanguage,
  updateProfile,
  updateTheme,
  type Account,
} from '../queries.ts'

export async function getAccount({ db }: Services, id: Account['id']): Promise<Account> {
  return (await findAccount(db, id)) ?? notFound('account')
}

/** The account a session stands for, unless its password was changed since the session began. */
export async function findAccountOfSession(
  { db }: Services,
  userId: Account['id'] | undefined,
  passwordVersion: number | undefined,
): Promise<Account | undefined> {
  const account = userId && (await findAccount(db, userId))
  return account && account.passwordVersion === passwordVersion ? account : undefined
}

export async function hasAccount({ db }: Services, email: string): Promise<boolean> {
  return (await findAccountByEmail(db, email)) !== undefined
}

export async function changeProfile(
  { db }: Services,
  id: Account['id'],
  profile: { name: string; phone: Phone | null; whatsapp: Phone | null; shortcuts: boolean },
): Promise<void> {
  await updateProfile(db, id, profile)
}

export async function chooseLanguage({ db }: Services, id: Account['id'], language: Language): Promise<void> {
  await updateLanguage(db, id, language)
}

export async function chooseTheme({ db }: Services, id: Account['id'], theme: string): Promise<void> {
  await updateTheme(db, id, theme)
}
