import { randomInt } from 'node:crypto'
import type { UserId } from '../../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import { smtpChannel } from '../../../platform/channels/smtp.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import { claimMails, updateMailAgain, updateMailEnded, updateMailWaiting, type DueMail } from '../queries/mails.ts'
import { findPause, upsertPause } from '../queries/senders.ts'
import { maxAttempts, retryDelay, sendingSeconds } from '../rules/retries.ts'

const atOnce = 10

/** Sends the mail about accounts that is due. Answers how many mails it took up. */
export async function sendDueMails(services: Services): Promise<number> {
  const { db, clock, keys, config, stopping } = services
  const channel = smtpChannel(config.mail)
  try {
    let handled = 0
    while (!stopping.signal.aborted) {
      const now = clock.now()
      if (await findPause(db, 'smtp', '', now)) return handled
      const lease = now.add({ seconds: atOnce * sendingSeconds })
      const due = await claimMails(db, keys.platform, { now, lease, limit: atOnce })
      if (due.length === 0) return handled
      for (const mail of due) {
        if (stopping.signal.aborted) await giveBack(services, mail)
        else await sendOne(services, channel, mail)
      }
      handled += due.length
    }
    return handled
  } finally {
    channel.close()
  }
}

async function sendOne(
  { db, clock, log }: Services,
  channel: ReturnType<typeof smtpChannel>,
  { id, attempts, expired, mail }: DueMail,
): Promise<void> {
  if (expired) return updateMailEnded(db, id, { status: 'dropped', code: 'expired', sentAt: null })
  const result = await channel.send({ ...mail, id })
  const now = clock.now()
  log.info('mail.attempted', { messageId: id, code: result.kind === 'accepted' ? result.kind : result.code })
  switch (result.kind) {
    case 'accepted':
      return updateMailEnded(db, id, { status: 'sent', code: null, sentAt: now })
    case 'final':
      return updateMailEnded(db, id, { status: 'failed', code: result.code, sentAt: null })
    case 'hold': {
      const until = now.add({ minutes: result.minutes })
      await upsertPause(db, { sender: 'smtp', subject: '', code: result.code, since: now, until })
      return updateMailWaiting(db, id, { notBefore: until, code: result.code, spent: false })
    }
    case 'retry':
    case 'unknown': {
      // Twice the same link is a nuisance, none would lock somebody out: so this is tried again either way.
      if (attempts >= maxAttempts) return updateMailEnded(db, id, { status: 'failed', code: result.code, sentAt: null })
      const seconds = retryDelay('mail', attempts, randomInt(1000) / 1000)
      return updateMailWaiting(db, id, { notBefore: now.add({ seconds }), code: result.code, spent: true })
    }
  }
}

async function giveBack({ db, clock }: Services, { id }: DueMail): Promise<void> {
  await updateMailWaiting(db, id, { notBefore: clock.now(), code: 'stopping', spent: false })
}

/** Somebody of the platform has a mail that failed tried again. */
export async function retryMail(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  origin: Origin,
  actorId: UserId,
  id: string,
): Promise<Outcome<null, 'expired' | 'not_failed'>> {
  const now = clock.now()
  return inTransaction(db, async (trx) => {
    const again = await updateMailAgain(trx, id, now)
    if (again !== 'queued') return refuse(again)
    await auditPlatform(trx, 'mail.retried', { at: now, origin, actorId, record: { kind: 'mail', id } })
    return done(null)
  })
}
