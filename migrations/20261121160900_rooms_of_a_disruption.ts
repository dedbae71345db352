import type { Knex } from 'knex'

/**
 * The rooms and things a visit took before a disruption, with spaces between; null when it took none. Databases that were
 * migrated while this was still being found have the column already, as a list of ids or as a text that is never null.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.disruption_visits add column if not exists was_resource_ids text;
    alter table clinic.disruption_visits
      alter column was_resource_ids drop default,
      alter column was_resource_ids drop not null;
    alter table clinic.disruption_visits
      alter column was_resource_ids type text using nullif(translate(was_resource_ids::text, ',{}', ' '), '');
  `)
}
