import type { Knex } from 'knex'

/** What a doctor has before them is told from booked visits alone, not from all they ever had. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index appointments_booked on clinic.appointments (clinic_id, practitioner_id, starts_at) where status = 'booked'
  `)
}
