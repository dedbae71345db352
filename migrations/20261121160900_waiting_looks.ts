import type { Knex } from 'knex'

/**
 * Somebody came onto the waiting list: what came free while they were not on it is looked at once more. And a look at a
 * whole diary knows which offers were open at the last one: until one of them ends, nothing new comes of another.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.freed_times
      add column open_offers jsonb,
      drop constraint freed_times_because_known,
      add constraint freed_times_because_known
        check (because in ('cancelled', 'moved', 'noshow', 'hold', 'hours', 'joined'))
  `)
}
