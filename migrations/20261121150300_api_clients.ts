import type { Knex } from 'knex'

/** A clinic's own tools, which ask for what they may see by OAuth 2.0 client credentials. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.api_clients (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      name text not null,
      -- SHA-256 of 32 random bytes: nothing to guess, so nothing to slow down.
      secret_hash bytea not null,
      scopes text[] not null,
      created_by uuid not null,
      created_at timestamptz not null,
      -- To the hour: when a token was last asked for.
      used_at timestamptz,
      revoked_at timestamptz,
      constraint api_clients_scopes check (cardinality(scopes) > 0)
    );
    create index api_clients_by_clinic on platform.api_clients (clinic_id, created_at);
    grant select, insert, update, delete on platform.api_clients to nabz_app;

    alter table clinic.audit_entries
      drop constraint audit_actor_known,
      add constraint audit_actor_known
        check (actor_kind in ('user', 'patient', 'visitor', 'admin', 'system', 'support', 'api'));
  `)
}
