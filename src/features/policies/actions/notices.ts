import type { Services } from '../../../platform/services.ts'
import { queueMail } from '../../../platform/mails.ts'
import {
  claimMailing,
  insertNotices,
  inTransaction,
  listNextOwners,
  updateMailed,
  updateMailingDone,
  type Addressee,
  type StoredVersion,
  type Transaction,
} from '../queries.ts'
import { ownersAtOnce } from '../rules/versions.ts'

/**
 * Tells every owner of a change that matters, once. Each batch is one transaction that holds the version: whichever
 * process comes next goes on behind the last owner written to, after a restart as well. Answers how many mails it queued.
 */
export async function sendNotices(services: Services): Promise<number> {
  let sent = 0
  while (!services.stopping.signal.aborted) {
    const batch = await inTransaction(services.db, (trx) => sendBatch(services, trx))
    if (batch === undefined) break
    sent += batch
  }
  return sent
}

async function sendBatch(services: Services, trx: Transaction): Promise<number | undefined> {
  const now = services.clock.now()
  const version = await claimMailing(trx)
  if (!version) return undefined
  const owners = await listNextOwners(trx, version.mailedUpTo, ownersAtOnce)
  const last = owners.at(-1)
  if (!last) {
    await updateMailingDone(trx, version.id, now)
    return 0
  }
  const userIds = owners.map(({ userId }) => userId)
  const fresh = await insertNotices(trx, version.id, userIds, now)
  for (const owner of owners) if (fresh.has(owner.userId)) await mail(services, trx, version, owner)
  await updateMailed(trx, version.id, { upTo: last.userId, mails: fresh.size })
  return fresh.size
}

async function mail(
  { keys, clock, config, speakers }: Services,
  trx: Transaction,
  { code, version, summaries, effectiveAt }: StoredVersion,
  { email, language }: Addressee,
): Promise<void> {
  const speaker = speakers(language, { country: 'GB', zone: 'UTC' })
  const { t } = speaker
  const policy = t(`policies.title.${code}`)
  // What was typed stays outside of the translation, which would look for placeholders in it.
  const lines = [
    t('policies.mail.begin', {
      policy,
      date: effectiveAt === null ? '' : speaker.date(effectiveAt),
      time: effectiveAt === null ? '' : speaker.time(effectiveAt),
    }),
    summaries?.[language] ?? '',
    t('policies.mail.end', { link: `${config.baseUrl}/${code}/versions/${version}?lang=${language}` }),
  ]
  await queueMail(trx, keys.platform, {
    kind: 'policy_notice',
    to: email,
    subject: t('policies.mail.subject', { policy }),
    text: lines.filter((line) => line !== '').join('\n\n'),
    now: clock.now(),
  })
}
