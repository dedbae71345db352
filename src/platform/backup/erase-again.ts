import type { Client } from 'pg'
import type { ClinicId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { KeyStore } from '../seal/key-store.ts'
import { as } from './load.ts'

export type ErasedAgain = { clinics: number; messages: number; sessions: number }

/**
 * What must not come back with a restored backup, told by what lies outside it. A clinic without a key was erased since:
 * its rows go, and what is kept of it for the books is locked. Messages that were due already may have left since, and
 * nobody is told twice. Nobody stays signed in. A clinic that was being closed waits three days more: that it was taken
 * back, or is held by law, may have been said since the backup, and its owners are warned again. May be run again.
 */
export async function eraseAgain(ownerUrl: string, keys: KeyStore, now: Instant): Promise<ErasedAgain> {
  return as(ownerUrl, async (client) => {
    await client.query('begin')
    // Not yet open to the application, so nobody waits for these locks.
    await client.query('alter table clinic.profiles no force row level security')
    await client.query('alter table clinic.messages no force row level security')
    const { rows } = await client.query<{ id: ClinicId }>(
      'select clinic_id as id from clinic.profiles union select id from platform.clinics',
    )
    const keyless: ClinicId[] = []
    for (const { id } of rows) if (!(await keys.read(id))) keyless.push(id)
    // A folder that is not mounted must not read as "all of them were erased".
    if (rows.length > 0 && keyless.length === rows.length) {
      throw new Error('Not one clinic has a key in KEY_STORE_DIR: is it the right folder? Nothing was erased.')
    }
    for (const id of keyless) {
      await client.query('delete from clinic.profiles where clinic_id = $1', [id])
      // Its people went with it, but for those who also work elsewhere.
      await client.query(
        `delete from platform.users u where not u.platform_admin
           and exists (select from platform.memberships m where m.user_id = u.id and m.clinic_id = $1)
           and not exists (select from platform.memberships m where m.user_id = u.id and m.clinic_id <> $1)`,
        [id],
      )
      await client.query('delete from platform.memberships where clinic_id = $1', [id])
      await client.query('delete from platform.invitations where clinic_id = $1', [id])
      await client.query(`update platform.clinics set status = 'locked' where id = $1`, [id])
    }
    await putClosingsOff(client, now)
    const dropped = await dropDueMessages(client, now)
    const ended = await client.query('delete from platform.sessions')
    // The days since the backup are no leap of the clock: somebody is here and restores. Every clinic's turn is now.
    await client.query(
      `do $$ begin
        if to_regclass('platform.retention_clock') is not null then
          delete from platform.retention_clock;
          update platform.retention_turns set done_at = null, lease_until = null;
        end if;
      end $$`,
    )
    await client.query('alter table clinic.profiles force row level security')
    await client.query('alter table clinic.messages force row level security')
    await client.query('commit')
    return { clinics: keyless.length, messages: dropped, sessions: ended.rowCount ?? 0 }
  })
}

/** Owners are warned a day before the end, as ever; patients whose visits go with it are told half a day after that. */
async function putClosingsOff(client: Client, now: Instant): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('platform.closings') is not null as there`,
  )
  if (rows[0]?.there !== true) return
  await client.query(
    `update platform.closings set undo_until = greatest(undo_until, $1::timestamptz + interval '72 hours'), warned_at = null,
       tell_at = case when tell_at is not null and told_at is null
         then greatest(tell_at, $1::timestamptz + interval '60 hours') else tell_at end
     where state = 'waiting'`,
    [now],
  )
}

/** Messages that were due already may have left since: nobody is told twice. Answers how many. */
export async function dropDueMessages(client: Client, now: Instant, of?: ClinicId): Promise<number> {
  const dropped = await client.query(
    `update clinic.messages set status = 'dropped', drop_reason = 'restored', lease_until = null
     where status in ('queued', 'sending', 'unknown') and due_at <= $1 and ($2::uuid is null or clinic_id = $2)`,
    [now, of ?? null],
  )
  return dropped.rowCount ?? 0
}
