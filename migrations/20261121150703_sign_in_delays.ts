import type { Knex } from 'knex'

/** What is tried again and again is looked at ever later. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Until when the subject's next try is not looked at.
    alter table platform.throttles add column not_before timestamptz;
  `)
}
