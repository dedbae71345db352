import type { Knex } from 'knex'

/**
 * A doctor who is late or away, or a place that is closed: what was declared, and where each visit stood that it moved,
 * so that it can be taken back. Nothing in it names a patient.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.disruptions (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      kind text not null constraint disruptions_kind_known check (kind in ('late', 'off', 'leave', 'closed')),
      practitioner_id uuid,
      location_id uuid,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      -- No reference: a closure may be taken away by itself under Settings.
      closure_id uuid not null,
      created_at timestamptz not null,
      created_by uuid,
      -- When the first of its messages may leave; until then it can be taken back without a word.
      tells_at timestamptz not null,
      undone_at timestamptz,
      primary key (clinic_id, id),
      constraint disruptions_order check (ends_at > starts_at),
      constraint disruptions_whose check (practitioner_id is not null or location_id is not null),
      constraint disruptions_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint disruptions_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create index disruptions_by_time on clinic.disruptions (clinic_id, created_at);

    create table clinic.disruption_visits (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      disruption_id uuid not null,
      appointment_id uuid not null,
      outcome text not null constraint disruption_visits_outcome_known check
        (outcome in ('shifted', 'moved', 'handed_over', 'cancelled')),
      -- The visit as it stood before, and the version that the disruption gave it: while it has that one, nobody else
      -- has changed it since.
      version_after integer not null,
      was_practitioner_id uuid not null,
      was_location_id uuid not null,
      was_starts_at timestamptz not null,
      was_ends_at timestamptz not null,
      was_occupied_from timestamptz not null,
      was_occupied_to timestamptz not null,
      was_lane integer not null,
      was_capacity integer not null,
      was_overbooked boolean not null,
      was_confirmed_at timestamptz,
      primary key (clinic_id, id),
      constraint disruption_visits_once unique (clinic_id, disruption_id, appointment_id),
      constraint disruption_visits_disruption foreign key (clinic_id, disruption_id)
        references clinic.disruptions (clinic_id, id) on delete cascade,
      constraint disruption_visits_appointment foreign key (clinic_id, appointment_id)
        references clinic.appointments (clinic_id, id) on delete cascade
    );
    create index disruption_visits_by_visit on clinic.disruption_visits (clinic_id, appointment_id);
  `)
  for (const table of ['disruptions', 'disruption_visits']) {
    // eslint-disable-next-line no-restricted-syntax -- names from the list above
    await knex.raw(`
      alter table clinic.${table} enable row level security;
      alter table clinic.${table} force row level security;
      create policy own_clinic on clinic.${table} to nabz_app
        using (clinic_id = current_setting('app.clinic_id')::uuid);
      grant select, insert, update, delete on clinic.${table} to nabz_app;
    `)
  }
}
