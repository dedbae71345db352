import type { Knex } from 'knex'

/**
 * Messages go after 90 days, visits are booked a year ahead: what the patient of a visit to come was told of it stays with
 * the visit, so that they hear of its end. Kind, time, doctor and place, never words or an address.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.appointments add column told jsonb;
    create index appointments_told on clinic.appointments (clinic_id, starts_at) where told is not null
  `)
}
