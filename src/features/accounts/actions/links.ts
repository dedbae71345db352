// Mails about an account with a link in them that does one thing, once.
import type { Transaction } from '../../../platform/db/transaction.ts'
import { queueMail } from '../../../platform/mails.ts'
import type { Services } from '../../../platform/services.ts'
import type { Account } from '../queries.ts'
import { insertLink, type LinkPurpose } from '../queries/tokens.ts'
import { linkHours } from '../rules/links.ts'
import { newToken } from './tokens.ts'

type Telling = Pick<Services, 'keys' | 'clock' | 'config' | 'speakers'>

/** Makes a link and answers its address. `email` is what it is about, if it is about one. */
export async function makeLink(
  { clock, config }: Telling,
  trx: Transaction,
  account: Account,
  purpose: LinkPurpose,
  email: string | null = null,
): Promise<string> {
  const { token, hash } = newToken()
  const now = clock.now()
  await insertLink(trx, {
    hash,
    userId: account.id,
    purpose,
    email,
    passwordVersion: account.passwordVersion,
    now,
    expiresAt: now.add({ hours: linkHours[purpose] }),
  })
  const path = purpose === 'not_me' || purpose === 'undo_email' ? 'not-me' : 'confirm-email'
  return `${config.baseUrl}/${path}/${token}?lang=${account.language}`
}

/** Queues a mail whose words are `accounts.mail.<words>`. */
export async function tell(
  { keys, clock, speakers }: Telling,
  trx: Transaction,
  account: Account,
  mail: { kind: string; words: string; facts: Record<string, string | number>; to?: string; hours?: number },
): Promise<void> {
  const { t } = speakers(account.language, { country: 'GB', zone: 'UTC' })
  const now = clock.now()
  await queueMail(trx, keys.platform, {
    kind: mail.kind,
    to: mail.to ?? account.email,
    subject: t(`accounts.mail.${mail.words}.subject`),
    text: t(`accounts.mail.${mail.words}.text`, { name: account.name, ...mail.facts }),
    now,
    ...(mail.hours === undefined ? {} : { expiresAt: now.add({ hours: mail.hours }) }),
  })
}
