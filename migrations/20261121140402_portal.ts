import type { Knex } from 'knex'

/** A patient looking at what a clinic holds about them: the number to prove, the code for it, and for how long it counts. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.portal_visits (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      -- The browser it was begun in, as far as its cookie tells; the address alone opens nothing.
      browser bytea not null,
      phone_sealed bytea not null,
      phone_index bytea not null,
      language text not null,
      code_hash text,
      code_sent_at timestamptz not null,
      code_expires_at timestamptz not null,
      code_tries integer not null default 0,
      codes_sent integer not null default 1,
      proven_at timestamptz,
      ended_at timestamptz,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (clinic_id, id),
      constraint portal_visits_code check (proven_at is not null or code_hash is not null)
    );
    create index portal_visits_by_browser on clinic.portal_visits (clinic_id, browser, phone_index, created_at);
    create index portal_visits_by_expiry on clinic.portal_visits (clinic_id, expires_at);

    alter table clinic.portal_visits enable row level security;
    alter table clinic.portal_visits force row level security;
    create policy own_clinic on clinic.portal_visits to nabz_app
      using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.portal_visits to nabz_app;
  `)
}
