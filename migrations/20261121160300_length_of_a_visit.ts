import type { Knex } from 'knex'

/** A visit that the desk made longer or shorter keeps that length when it is moved. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table clinic.appointments add column resized boolean not null default false')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table clinic.appointments drop column resized')
}
