import type { Knex } from 'knex'

/**
 * Calendar feeds of a clinic. Outside the clinic's own schema, as its API keys are, because a calendar that asks has
 * nothing but the token: whose it is is found by it. When one was last asked for is kept apart, to the hour.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.feeds (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      name text not null,
      -- Of all doctors, and of all places, where there is none.
      practitioner_id uuid,
      location_id uuid,
      names text not null constraint feeds_names_known check (names in ('full', 'initials', 'none')),
      -- SHA-256 of 32 random bytes.
      token_hash bytea not null constraint feeds_token_hash_unique unique,
      created_by uuid not null,
      created_at timestamptz not null,
      revoked_at timestamptz
    );
    create index feeds_by_clinic on platform.feeds (clinic_id, created_at);
    create table platform.feed_uses (
      feed_id uuid primary key references platform.feeds (id) on delete cascade,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      used_at timestamptz not null
    );
    create index feed_uses_by_clinic on platform.feed_uses (clinic_id);
    grant select, insert, update, delete on platform.feeds, platform.feed_uses to nabz_app;
  `)
}
