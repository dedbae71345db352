// What people decide about closing a clinic: its owner, or somebody of the platform for them.
import { newId, type UserId } from '../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { minutes } from '../../kernel/time.ts'
import { audit, auditPlatform } from '../../platform/audit.ts'
import type { Ctx, Origin } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import type { Services } from '../../platform/services.ts'
import { findLegalHold } from '../privacy/queries.ts'
import { accountIn, accountOf } from '../subscription/actions/account.ts'
import { closeAccount, reopenAccount } from '../subscription/actions/decisions.ts'
import { tellOwners } from './actions/mails.ts'
import {
  findClosingById,
  holdBackReminders,
  insertClosing,
  lockClosing,
  reviveReminders,
  updateUndone,
} from './queries.ts'
import { inErasing } from './queries/purge.ts'
import {
  purgeBy,
  tellAfterMinutes,
  undoable,
  undoUntil,
  type ClosingId,
  type ClosingReason,
  type Telling,
} from './rules.ts'

export type ClosingWish = { reasons: readonly ClosingReason[]; comment: string | undefined; tell: Telling }

type Speaking = Pick<Services, 'speakers' | 'config'>

/** Closes the clinic: locked from this moment, told to its owners, erased in a week unless somebody takes it back. */
export async function closeClinic(
  ctx: Ctx,
  services: Speaking,
  wish: ClosingWish,
): Promise<Outcome<ClosingId, 'closed_already'>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people close a clinic')
  const { clinic, now, platformSeal } = ctx
  const id = newId<'closing'>()
  const until = undoUntil(now)
  const inserted = await insertClosing(ctx.db, platformSeal, {
    id,
    clinicId: clinic.id,
    kind: 'asked',
    askedBy: ctx.actor.userId,
    askedAt: now,
    reasons: wish.reasons,
    comment: wish.comment,
    tellPatients: wish.tell,
    tellAt: wish.tell === 'cancel' ? now.add(minutes(tellAfterMinutes)) : null,
    undoUntil: until,
    purgeBy: purgeBy(now),
    state: 'waiting',
  })
  if (!inserted) return refuse('closed_already')
  const account = await accountOf(ctx, services)
  const closed = await closeAccount(account)
  if (!closed.ok) return closed
  await holdBackReminders(ctx)
  ctx.settingsChanged()
  await audit(ctx, 'closing.asked', { kind: 'closing', id }, { tell: wish.tell, until: until.toString() })
  await auditPlatform(ctx.db, 'closing.asked', {
    at: now,
    origin: ctx.origin,
    actorId: ctx.actor.userId,
    record: { kind: 'closing', id },
    clinicId: clinic.id,
    details: { until: until.toString() },
  })
  await tellOwners(ctx.db, services, { seal: platformSeal, clinic, now }, 'asked', (speaker) => ({
    who: ctx.actor.kind === 'user' ? ctx.actor.name : '',
    until: speaker.dateTime(until),
  }))
  return done(id)
}

/** Takes it back: everything is as it was, but for visits that were cancelled and patients who were told. */
export async function undoClosing(
  ctx: Ctx,
  services: Speaking,
): Promise<Outcome<void, 'nothing_to_undo' | 'too_late' | 'expired'>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people open a clinic again')
  const closing = await lockClosing(ctx.db, ctx.clinic.id)
  if (!closing) return refuse('nothing_to_undo')
  // What brings that one back is a payment.
  if (closing.kind !== 'asked') return refuse('expired')
  const hold = await findLegalHold(ctx.db, ctx.clinic.id, ctx.now)
  if (!undoable(closing, hold?.until, ctx.now)) return refuse('too_late')
  await reopenAccount(await accountOf(ctx, services))
  await updateUndone(ctx.db, closing.id, { at: ctx.now, by: ctx.actor.userId, reason: null })
  await reviveReminders(ctx)
  ctx.settingsChanged()
  await audit(ctx, 'closing.undone', { kind: 'closing', id: closing.id })
  await auditPlatform(ctx.db, 'closing.undone', {
    at: ctx.now,
    origin: ctx.origin,
    actorId: ctx.actor.userId,
    record: { kind: 'closing', id: closing.id },
    clinicId: ctx.clinic.id,
  })
  const { name: who } = ctx.actor
  await tellOwners(ctx.db, services, { seal: ctx.platformSeal, clinic: ctx.clinic, now: ctx.now }, 'undone', () => ({
    who,
  }))
  return done(undefined)
}

/** The same for an owner who asked for it elsewhere, with the reason written down. */
export async function undoForOwner(
  services: Services,
  origin: Origin,
  operator: { userId: UserId; name: string },
  id: ClosingId,
  reason: string,
): Promise<Outcome<void, 'nothing_to_undo' | 'too_late' | 'expired'>> {
  const { db, keys, clock } = services
  const { clinicId } = (await findClosingById(db, id)) ?? notFound('closing')
  const now = clock.now()
  const clinic = await services.clinics.byId(clinicId)
  const undone = await inErasing<Outcome<void, 'nothing_to_undo' | 'too_late' | 'expired'>>(
    db,
    clinicId,
    async (trx) => {
      const closing = await lockClosing(trx, clinicId)
      if (closing?.id !== id || !clinic) return refuse('nothing_to_undo')
      if (closing.kind !== 'asked') return refuse('expired')
      const hold = await findLegalHold(trx, clinicId, now)
      if (!undoable(closing, hold?.until, now)) return refuse('too_late')
      const account = await accountIn(trx, services, clinicId, { kind: 'operator', id: operator.userId }, origin)
      if (!account) return refuse('nothing_to_undo')
      await reopenAccount(account)
      await updateUndone(trx, id, { at: now, by: operator.userId, reason })
      await auditPlatform(trx, 'closing.undone', {
        at: now,
        origin,
        actorId: operator.userId,
        record: { kind: 'closing', id },
        clinicId,
        details: { operator: true },
      })
      await tellOwners(trx, services, { seal: keys.platform, clinic, now }, 'undone', () => ({ who: operator.name }))
      return done(undefined)
    },
  )
  if (undone.ok && clinic) {
    const actor = { kind: 'system', job: 'privacy.closing' } as const
    await services.inClinic(clinic, actor, origin, async (ctx) => {
      await reviveReminders(ctx)
      ctx.settingsChanged()
      await audit(ctx, 'closing.undone', { kind: 'closing', id }, { operator: true })
    })
  }
  return undone
}
