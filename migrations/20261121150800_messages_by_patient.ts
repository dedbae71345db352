import type { Knex } from 'knex'

/** A patient's page, their own page and an erasure ask for a patient's messages; they read all of 90 days for it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index messages_by_patient on clinic.messages (clinic_id, patient_id, created_at) where patient_id is not null;
  `)
}
