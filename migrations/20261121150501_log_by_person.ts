import type { Knex } from 'knex'

/** The owner's filter by person, and what happened to one account, each found without reading the rest of the log. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index audit_entries_by_actor on clinic.audit_entries (clinic_id, actor_id, at);
    create index audit_entries_by_record on platform.audit_entries (record_id, at) where record_id is not null;
  `)
}
