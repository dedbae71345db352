import type { Knex } from 'knex'

/** What a clinic does about people who miss visits: nothing but a flag, ask them to confirm, or call them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.profiles
      add column missed_rule text not null default 'none'
        constraint profiles_missed_rule_known check (missed_rule in ('none', 'confirm', 'call')),
      add column missed_after smallint not null default 2
        constraint profiles_missed_after_range check (missed_after between 1 and 5);
  `)
}
