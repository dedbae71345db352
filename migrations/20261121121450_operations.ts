import type { Knex } from 'knex'

/** What the console needs to look across clinics and back in time, quickly. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Which kind of message waits or failed, on which channel and by which code: no name, number or text. Grants on
    -- other columns stay as they were.
    grant select (kind, channel, error_code, failed_at) on clinic.messages to nabz_jobs;
    create index messages_failed on clinic.messages (failed_at) where status = 'failed';

    create index mails_failed on platform.mails (created_at) where status = 'failed';

    drop index platform.audit_entries_by_time, platform.audit_entries_by_clinic, platform.audit_entries_by_actor;
    create index audit_entries_by_time on platform.audit_entries (at, id);
    create index audit_entries_by_action on platform.audit_entries (action, at, id);
    create index audit_entries_by_actor on platform.audit_entries (actor_id, at, id);
    create index audit_entries_by_clinic on platform.audit_entries (clinic_id, at, id);
  `)
}
