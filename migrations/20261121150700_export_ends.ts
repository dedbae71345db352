import type { Knex } from 'knex'

/** An export may be called off, and one that failed says why where somebody can do something about it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.exports drop constraint exports_state_known;
    alter table clinic.exports add constraint exports_state_known
      check (state in ('waiting', 'making', 'ready', 'failed', 'expired', 'cancelled'));
    alter table clinic.exports add column failure text constraint exports_failure_known check (failure in ('no_room'));
  `)
}
