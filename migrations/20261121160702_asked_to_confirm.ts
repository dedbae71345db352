import type { Knex } from 'knex'

/** The clock's own role sees which clinics ask people to confirm, and nothing else of their profiles. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create policy work_due on clinic.profiles for select to nabz_jobs using (true);
    grant select (clinic_id, missed_rule) on clinic.profiles to nabz_jobs;
  `)
}
