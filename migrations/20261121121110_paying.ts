import type { Knex } from 'knex'

/**
 * When a clinic first paid; null as long as everything was tried out or given. What is overdue counts as recurring
 * revenue only where it recurs: a trial that ran out never paid anything.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter table platform.subscriptions add column first_paid_at timestamptz`)
}
