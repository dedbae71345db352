import type { Knex } from 'knex'

/**
 * The clock's own role sees which clinics ask people to confirm. That it may read a row of each profile was said where
 * the waiting list came.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('grant select (clinic_id, missed_rule) on clinic.profiles to nabz_jobs')
}
