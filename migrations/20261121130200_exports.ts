import type { Knex } from 'knex'

/** What owners take along: each export that was asked for, how far it is, and the key of its file. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.exports (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      asked_by uuid not null,
      asked_at timestamptz not null,
      state text not null default 'waiting' constraint exports_state_known
        check (state in ('waiting', 'making', 'ready', 'failed', 'expired')),
      protected boolean not null,
      -- The password of the ZIP, until it is made; and the key of the file, until the file is removed.
      password_sealed bytea,
      key_sealed bytea,
      -- Whoever makes it, and until when nobody else does.
      worker uuid,
      lease_until timestamptz,
      attempts integer not null default 0,
      rows_done bigint not null default 0,
      rows_total bigint,
      -- {"patients": 12, …}, once it is made.
      counts jsonb,
      bytes bigint,
      finished_at timestamptz,
      expires_at timestamptz,
      primary key (clinic_id, id),
      constraint exports_ready check ((state = 'ready') <= (key_sealed is not null and expires_at is not null))
    );
    create unique index exports_one_at_a_time on clinic.exports (clinic_id) where state in ('waiting', 'making');
    create index exports_newest on clinic.exports (clinic_id, asked_at);
    create index exports_to_do on clinic.exports (asked_at) where state in ('waiting', 'making', 'ready');

    alter table clinic.exports enable row level security;
    alter table clinic.exports force row level security;
    create policy own_clinic on clinic.exports to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.exports to nabz_app;

    create policy work_due on clinic.exports for select to nabz_jobs using (true);
    grant select (clinic_id, id, state, lease_until, asked_at, expires_at) on clinic.exports to nabz_jobs;
  `)
}
