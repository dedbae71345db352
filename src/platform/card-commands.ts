// What Stripe has to be told follows from what was decided here, and is first a row in the transaction that decided it.
// features/billing carries it out after the commit, as often as it takes.
import type { Knex } from 'knex'
import { newId, type ClinicId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import { changes, rows } from './db/rows.ts'

/**
 * `follow`: bring the subscription at Stripe in line with ours, whatever changed. `cancel`: end it at once. `expire`:
 * close a payment page that is not to be used any more. `target` is the id at Stripe.
 */
export type CardCommand = { kind: 'follow' | 'cancel' | 'expire'; clinicId: ClinicId; target: string }

/** Queues a command, due at once; one that waits or is being carried out is asked for again. */
export async function queueCardCommand(trx: Knex, command: CardCommand): Promise<void> {
  const { kind, clinicId, target } = command
  await changes(
    trx,
    `insert into platform.card_commands (id, key, kind, clinic_id, target, due_at)
     values (?, ?, ?, ?, ?, 'epoch')
     on conflict (key) do update set version = card_commands.version + 1, due_at = excluded.due_at, attempts = 0`,
    [newId(), `${kind}:${target}`, kind, clinicId, target],
  )
  // A statement of its own: a hint, heard at commit.
  await rows(trx, `select pg_notify('nabz_messages', '')`)
}

export type DueCommand = CardCommand & { id: string; version: number; attempts: number }

/**
 * Takes commands that are due and that nobody is carrying out, the longest due first; they are this process's until
 * `lease`, and after that anybody's again. Each counts as one more attempt.
 */
export async function claimCardCommands(
  db: Knex,
  claim: { now: Instant; lease: Instant; limit: number },
): Promise<DueCommand[]> {
  return rows<DueCommand>(
    db,
    `update platform.card_commands set lease_until = ?, attempts = attempts + 1 where id in
       (select id from platform.card_commands
        where due_at <= ? and (lease_until is null or lease_until <= ?)
        order by due_at, id limit ? for update skip locked)
     returning id, kind, clinic_id as "clinicId", target, version, attempts`,
    [claim.lease, claim.now, claim.now, claim.limit],
  )
}

/** Over, unless it was asked for again meanwhile; then it is due at once. */
export async function updateCommandDone(db: Knex, command: DueCommand, failure: string | null): Promise<void> {
  await changes(
    db,
    `update platform.card_commands set due_at = case when version = ? then null else due_at end, lease_until = null,
       failure = ? where id = ?`,
    [command.version, failure, command.id],
  )
}

/** It failed and is tried again at `at`, or at once where it was asked for again meanwhile. */
export async function updateCommandLater(db: Knex, command: DueCommand, at: Instant, failure: string): Promise<void> {
  await changes(
    db,
    `update platform.card_commands set due_at = case when version = ? then ? else due_at end, lease_until = null,
       failure = ? where id = ?`,
    [command.version, at, failure, command.id],
  )
}
