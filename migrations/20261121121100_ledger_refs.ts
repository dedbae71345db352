import type { Knex } from 'knex'

/** A provider's own id of money that went back: what it tells twice is entered once. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.ledger_entries
      add column provider_ref text constraint ledger_provider_ref unique;
  `)
}
