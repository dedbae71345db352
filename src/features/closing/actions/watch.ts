// What the clock does about closings before anything is erased: clinics whose time ran out, patients to be told, owners to
// be warned.
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Actor } from '../../../platform/clinic-scope.ts'
import { inTransaction } from '../../../platform/db/transaction.ts'
import type { Services } from '../../../platform/services.ts'
import { takeStep } from '../../appointments/actions/run.ts'
import { findLegalHold } from '../../privacy/queries.ts'
import { accountIn } from '../../subscription/actions/account.ts'
import {
  insertClosing,
  listExpired,
  listPaidAgain,
  listToTell,
  listVisitsToCome,
  listWaiting,
  lockClosing,
  newClosingId,
  updateTelling,
  updateUndone,
  updateWarned,
} from '../queries.ts'
import { findLeaving } from '../queries/purge.ts'
import { erasedFrom, purgeBy, undoUntil, warnHours, type Closing } from '../rules.ts'
import { tellOwners } from './mails.ts'

const atOnce = 200
const visitsAtOnce = 25
export const actor: Actor = { kind: 'system', job: 'privacy.closing' }
export const origin = { requestId: 'privacy.closing' }

/** Does something about a clinic; what fails with it keeps no other waiting, and is told at the end. */
export type EachClinic = (clinicId: ClinicId, work: () => Promise<void>) => Promise<void>

/** Clinics that were read-only for their time begin to close; those that were paid for since do not. */
export async function followSubscriptions(services: Services, now: Instant, each: EachClinic): Promise<void> {
  for (const id of await listPaidAgain(services.db, atOnce)) await each(id, () => stopExpired(services, id, now))
  for (const id of await listExpired(services.db, atOnce)) await each(id, () => startExpired(services, id, now))
}

async function startExpired(services: Services, clinicId: ClinicId, now: Instant): Promise<void> {
  const { db, keys } = services
  await inTransaction(db, async (trx) => {
    const account = await accountIn(trx, services, clinicId, { kind: 'system', id: null }, origin)
    if (account?.held.status !== 'purge_scheduled') return
    const id = newClosingId()
    // Counted from here and not from when it should have been: a service that was down never shortens it.
    const begun = await insertClosing(trx, keys.platform, {
      id,
      clinicId,
      kind: 'expired',
      askedBy: null,
      askedAt: now,
      reasons: [],
      comment: undefined,
      tellPatients: 'keep',
      tellAt: null,
      undoUntil: undoUntil(now),
      purgeBy: purgeBy(now),
      state: 'waiting',
    })
    if (!begun) return
    await auditPlatform(trx, 'closing.expired', { at: now, origin, record: { kind: 'closing', id }, clinicId })
  })
}

async function stopExpired(services: Services, clinicId: ClinicId, now: Instant): Promise<void> {
  await inTransaction(services.db, async (trx) => {
    const closing = await lockClosing(trx, clinicId)
    const account = await accountIn(trx, services, clinicId, { kind: 'system', id: null }, origin)
    if (closing?.kind !== 'expired' || closing.state !== 'waiting') return
    if (account?.held.status === 'purge_scheduled') return
    await updateUndone(trx, closing.id, { at: now, by: null, reason: null })
    const record = { kind: 'closing', id: closing.id }
    await auditPlatform(trx, 'closing.undone', { at: now, origin, record, clinicId })
  })
}

/** Cancels the visits to come of clinics whose owner wished it: a few in a transaction, so that nobody waits long. */
export async function tellPatients(services: Services, now: Instant, each: EachClinic): Promise<void> {
  for (const closing of await listToTell(services.db, now)) {
    await each(closing.clinicId, () => tellPatientsOf(services, closing))
  }
}

async function tellPatientsOf(services: Services, closing: Closing): Promise<void> {
  const clinic = await services.clinics.byId(closing.clinicId)
  if (!clinic) return
  for (;;) {
    if (services.stopping.signal.aborted) return
    const more = await services.inClinic(clinic, actor, origin, async (ctx) => {
      const visits = await listVisitsToCome(ctx, visitsAtOnce)
      let cancelled = 0
      for (const id of visits) if ((await takeStep(ctx, id, 'cancel')).ok) cancelled++
      // Those that can't be cancelled this moment are somebody else's, who changes them right now.
      const over = visits.length < visitsAtOnce || cancelled === 0
      return (await updateTelling(ctx, closing.id, { cancelled, over })) && !over
    })
    if (!more) return
  }
}

/** One day before nothing can be taken back any more. */
export async function warnOwners(services: Services, now: Instant, each: EachClinic): Promise<void> {
  for (const closing of await listWaiting(services.db, now)) {
    if (closing.warnedAt !== null) continue
    await each(closing.clinicId, () => warnOwnersOf(services, closing, now))
  }
}

async function warnOwnersOf(services: Services, closing: Closing, now: Instant): Promise<void> {
  const { db, keys } = services
  await inTransaction(db, async (trx) => {
    const end = await endOf(trx, closing, now)
    const early = now.epochMilliseconds < end.epochMilliseconds - warnHours * 3_600_000
    if (early || !(await updateWarned(trx, closing.id, now))) return
    const clinic = await findLeaving(trx, closing.clinicId)
    if (!clinic) return
    await tellOwners(trx, services, { seal: keys.platform, clinic, now }, 'tomorrow', (speaker) => ({
      until: speaker.dateTime(end),
    }))
  })
}

async function endOf(trx: Parameters<typeof findLegalHold>[0], closing: Closing, now: Instant): Promise<Instant> {
  return erasedFrom(closing, (await findLegalHold(trx, closing.clinicId, now))?.until)
}
