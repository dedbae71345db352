import type { Knex } from 'knex'

/** When somebody of the platform may look at a clinic's workspace, and when they did. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A clinic whose owner has said: you may come in whenever we ask for help, until this is taken back.
    create table platform.support_consents (
      clinic_id uuid primary key references platform.clinics (id) on delete cascade,
      allowed_by uuid not null references platform.users (id) on delete cascade,
      allowed_at timestamptz not null
    );

    create table platform.support_visits (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      operator_id uuid not null references platform.users (id) on delete cascade,
      -- Declared beforehand, shown to the owners; never about a patient.
      reason text not null,
      asked_at timestamptz not null,
      -- The owner on whose word the visit is made.
      allowed_by uuid references platform.users (id) on delete cascade,
      allowed_at timestamptz,
      refused_at timestamptz,
      started_at timestamptz,
      expires_at timestamptz,
      ended_at timestamptz,
      ended_by text constraint support_visits_end_known check (ended_by in ('operator', 'owner', 'time', 'withdrawn', 'unused')),
      constraint support_visits_allowed check (started_at is null or allowed_by is not null),
      constraint support_visits_hour check (expires_at <= started_at + interval '60 minutes')
    );
    create index support_visits_by_clinic on platform.support_visits (clinic_id, asked_at);
    create index support_visits_newest on platform.support_visits (asked_at, id);
    create index support_visits_open on platform.support_visits (clinic_id) where ended_at is null;

    -- Both identities of whoever does something during a visit: actor_id is the visitor's.
    alter table clinic.audit_entries
      add column on_behalf_id uuid,
      add column visit_id uuid,
      drop constraint audit_actor_known,
      add constraint audit_actor_known
        check (actor_kind in ('user', 'patient', 'visitor', 'admin', 'system', 'support')),
      add constraint audit_both_identities
        check (actor_kind <> 'support' or (actor_id is not null and on_behalf_id is not null and visit_id is not null));

    grant select, insert, update, delete on platform.support_consents, platform.support_visits to nabz_app;
  `)
}
