import type { Knex } from 'knex'

/** The sites of the clinic's own that may show its free times in a frame: origins with spaces between. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter table clinic.profiles add column embed_origins text`)
}
