import type { Knex } from 'knex'

/** What colleagues know of each other: how to reach somebody, and their face. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.users add column phone text, add column whatsapp text;

    create table platform.user_photos (
      user_id uuid primary key references platform.users (id) on delete cascade,
      photo_sealed bytea not null,
      -- Changes with every picture, so that a browser never shows the one before.
      version uuid not null,
      created_at timestamptz not null
    );
    grant select, insert, update, delete on platform.user_photos to nabz_app;
  `)
}
