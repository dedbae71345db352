import type { Knex } from 'knex'

/** Whom to ask to confirm is known from the few visits that came to nothing, not from all that somebody made in two years. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index appointments_come_to_nothing on clinic.appointments (clinic_id, patient_id, starts_at)
      where status in ('noshow', 'cancelled')
  `)
}
