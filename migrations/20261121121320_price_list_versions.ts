import type { Knex } from 'knex'

/** Who edits the price list is told when somebody else was faster: plans count their versions already. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.markets add column version integer not null default 1;
    alter table platform.issuers add column version integer not null default 1;
    create index subscriptions_by_currency on platform.subscriptions (currency);
  `)
}
