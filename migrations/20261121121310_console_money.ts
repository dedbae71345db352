import type { Knex } from 'knex'

/** The console's lists of payments and documents, filtered. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index payments_by_status on platform.payments (status, created_at, id);
    create index documents_by_kind on platform.documents (kind, issued_at, id);
    create index documents_by_number on platform.documents (number collate "C");
  `)
}
