import type { ClinicId } from '../../../kernel/ids.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { kindKey, reasonKey, statusKey } from '../../messaging/rules/in-words.ts'
import { listClinicNames } from '../queries/clinics.ts'
import { listFailures, listMails, listMessagesInTrouble, listWaiting, type WaitingLine } from '../queries/messages.ts'
import { failureDays, oldMinutes } from '../rules/operations.ts'
import { withQuery } from '../rules/paging.ts'
import { clinicHref } from './words.ts'

const listed = 20

type Parts = Pick<Services, 'db' | 'jobsDb' | 'clock'>

const times = ({ clock }: Parts) => {
  const now = clock.now()
  return { now, old: now.subtract({ minutes: oldMinutes }), since: now.subtract({ hours: 24 * failureDays }) }
}

/** What waits and what failed at all clinics, in numbers. Nothing here says who a message was for or what it said. */
export async function messagesPage(services: Parts, speaker: Speaker, error?: string): Promise<View> {
  const { db, jobsDb } = services
  const { t } = speaker
  const { now, old, since } = times(services)
  const [waiting, failures, mails] = await Promise.all([
    listWaiting(jobsDb, { now, old }, listed),
    listFailures(jobsDb, since, listed),
    listMails(db, since, listed),
  ])
  const nameOf = await namesOf(
    db,
    [...waiting.clinics, ...failures.clinics].map(({ clinicId }) => clinicId),
  )
  const sum = (of: (line: WaitingLine) => number) => waiting.kinds.reduce((total, line) => total + of(line), 0)
  const oldest = waiting.clinics[0]?.oldest
  return view('console/messages', {
    title: t('operations.messages.title'),
    lead: t('operations.messages.lead'),
    error: error === undefined ? undefined : t(error),
    counts: [
      { label: t('operations.messages.later'), value: speaker.number(sum(({ later }) => later)) },
      { label: t('operations.messages.due'), value: speaker.number(sum(({ due }) => due)) },
      {
        label: t('operations.messages.old', { minutes: oldMinutes }),
        value: speaker.number(sum((line) => line.old)),
        bad: sum((line) => line.old) > 0,
      },
      {
        label: t('operations.messages.failed', { days: failureDays }),
        value: speaker.number(failures.reasons.reduce((total, { count }) => total + count, 0)),
      },
    ],
    oldest: oldest && t('operations.messages.oldest', { at: speaker.dateTime(oldest) }),
    waiting: waiting.kinds.map(({ status, kind, later, due, old: late }) => ({
      state: t(statusKey(status, 'whatsapp')),
      kind: t(kindKey(kind)),
      later: speaker.number(later),
      due: speaker.number(due),
      old: speaker.number(late),
    })),
    clinicsWaiting: waiting.clinics.map(({ clinicId, due, oldest: since_ }) => ({
      ...nameOf(clinicId),
      number: speaker.number(due),
      at: speaker.dateTime(since_),
    })),
    failures: failures.reasons.map(({ channel, code, count, clinics, last }) => ({
      reason: t(
        reasonKey({ status: 'failed', channel, errorCode: code, dropReason: null }) ?? 'messaging.reason.refused',
      ),
      channel: t(`operations.channel.${channel}`),
      code: code ?? '',
      count: speaker.number(count),
      clinics: speaker.number(clinics),
      last: speaker.dateTime(last),
    })),
    clinicsFailing: failures.clinics.map(({ clinicId, count, last }) => ({
      ...nameOf(clinicId),
      number: speaker.number(count),
      at: speaker.dateTime(last),
    })),
    mails: mails.kinds.map(({ kind, queued, sending, failed, oldest: first }) => ({
      kind,
      queued: speaker.number(queued),
      sending: speaker.number(sending),
      failed: speaker.number(failed),
      oldest: first ? speaker.dateTime(first) : '',
    })),
    failedMails: mails.failed.map(({ id, kind, code, createdAt, attempts, expiresAt }) => ({
      id,
      kind,
      code: code ?? '',
      at: speaker.dateTime(createdAt),
      attempts: speaker.number(attempts),
      // A link that has died helps nobody.
      canRetry: expiresAt === null || expiresAt.epochMilliseconds > now.epochMilliseconds,
    })),
  })
}

async function namesOf(db: Services['db'], ids: readonly ClinicId[]) {
  const names = await listClinicNames(db, ids)
  return (id: ClinicId) => ({
    name: names.get(id)?.name ?? '?',
    href: withQuery('/admin/messages', { clinic: names.get(id)?.slug }),
  })
}

/** One clinic's messages in trouble: kind, state, times and reason. */
export async function clinicMessagesPage(
  services: Parts,
  speaker: Speaker,
  clinic: { id: ClinicId; name: string },
): Promise<View> {
  const { t } = speaker
  const messages = await listMessagesInTrouble(services.jobsDb, clinic.id, times(services), 100)
  return view('console/messages-clinic', {
    title: clinic.name,
    lead: t('operations.messages.of_clinic', { days: failureDays }),
    clinicHref: clinicHref(clinic.id),
    messages: messages.map(({ id, kind, channel, status, dueAt, failedAt, attempts, code }) => {
      const reason = reasonKey({
        status: status === 'failed' ? 'failed' : 'queued',
        channel,
        errorCode: code,
        dropReason: null,
      })
      return {
        id,
        kind: t(kindKey(kind)),
        channel: t(`operations.channel.${channel}`),
        state: t(
          status === 'failed'
            ? 'messaging.status.failed'
            : statusKey(status === 'sending' ? 'sending' : status === 'unknown' ? 'unknown' : 'queued', channel),
        ),
        failed: status === 'failed',
        due: speaker.dateTime(dueAt),
        failedAt: failedAt ? speaker.dateTime(failedAt) : '',
        attempts: speaker.number(attempts),
        reason: reason === undefined ? '' : t(reason),
        code: code ?? '',
      }
    }),
  })
}
