import type { Knex } from 'knex'

/**
 * The line before each doctor. Numbers are given from a counter row in the transaction of the arrival, so that they have
 * no gaps and none is given twice; where somebody stands in the line lies beside the visit, whose row stays narrow.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.token_counters (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      practitioner_id uuid not null,
      -- The clinic's own date.
      day date not null,
      issued integer not null constraint token_counters_issued check (issued > 0),
      primary key (clinic_id, practitioner_id, day),
      constraint token_counters_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade
    );

    create table clinic.tokens (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      practitioner_id uuid not null,
      day date not null,
      token integer not null constraint tokens_positive check (token > 0),
      appointment_id uuid not null,
      issued_at timestamptz not null,
      primary key (clinic_id, id),
      constraint tokens_once unique (clinic_id, practitioner_id, day, token),
      -- Who comes again after an arrival that was taken back has the number they had.
      constraint tokens_kept unique (clinic_id, appointment_id, practitioner_id, day),
      constraint tokens_counted foreign key (clinic_id, practitioner_id, day)
        references clinic.token_counters (clinic_id, practitioner_id, day) on delete cascade,
      constraint tokens_appointment foreign key (clinic_id, appointment_id)
        references clinic.appointments (clinic_id, id) on delete cascade
    );

    create table clinic.queue_places (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      appointment_id uuid not null,
      walk_in boolean not null default false,
      -- From a fixed list; what somebody says of a person's health in words has no place here.
      priority text constraint queue_places_priority_known check
        (priority in ('urgent', 'elderly', 'pregnant', 'child', 'disability', 'other')),
      -- Since when they go first; null once the precedence was used up.
      priority_at timestamptz,
      -- Where they stand instead of where their time or arrival puts them, after they were called and not there.
      place_at timestamptz,
      place_tie bigint,
      skips integer not null default 0,
      stepped_out_at timestamptz,
      -- What was decided before somebody arrived (again) no longer counts.
      changed_at timestamptz not null,
      primary key (clinic_id, appointment_id),
      constraint queue_places_precedence check (priority_at is null or priority is not null),
      constraint queue_places_place check ((place_at is null) = (place_tie is null)),
      constraint queue_places_appointment foreign key (clinic_id, appointment_id)
        references clinic.appointments (clinic_id, id) on delete cascade
    );

    alter table clinic.token_counters enable row level security;
    alter table clinic.token_counters force row level security;
    create policy own_clinic on clinic.token_counters to nabz_app
      using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.token_counters to nabz_app;
    alter table clinic.tokens enable row level security;
    alter table clinic.tokens force row level security;
    create policy own_clinic on clinic.tokens to nabz_app
      using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.tokens to nabz_app;
    alter table clinic.queue_places enable row level security;
    alter table clinic.queue_places force row level security;
    create policy own_clinic on clinic.queue_places to nabz_app
      using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.queue_places to nabz_app;
  `)
}
