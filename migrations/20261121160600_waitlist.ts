import type { Knex } from 'knex'

/**
 * The waiting list: who waits for which times, what they were offered, and which times came free since somebody last
 * looked. A number that is still to be proven waits apart, with the code that was sent to it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.profiles
      add column waitlist boolean not null default true,
      add column waitlist_offers integer not null default 3
        constraint profiles_waitlist_offers check (waitlist_offers between 1 and 10),
      add column waitlist_offer_min integer not null default 30
        constraint profiles_waitlist_minutes check (waitlist_offer_min between 10 and 240),
      -- The settings and the day the whole diary was last looked at for those who wait.
      add column waitlist_seen text;

    create table clinic.waiting_entries (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      patient_id uuid not null,
      service_id uuid not null,
      -- Empty lists and no place: whichever.
      location_id uuid,
      practitioner_ids jsonb not null default '[]',
      weekdays jsonb not null default '[]',
      parts jsonb not null default '[]',
      from_date date not null,
      until_date date not null,
      -- Waits for something sooner than this visit, which is then moved.
      instead_of uuid,
      language text not null,
      source text not null constraint waiting_source_known check (source in ('online', 'desk')),
      state text not null default 'waiting' constraint waiting_state_known check
        (state in ('waiting', 'booked', 'left', 'removed', 'over')),
      -- The visit that came of it.
      appointment_id uuid,
      joined_at timestamptz not null,
      ended_at timestamptz,
      primary key (clinic_id, id),
      constraint waiting_dates check (until_date >= from_date),
      constraint waiting_ended check ((state = 'waiting') = (ended_at is null)),
      constraint waiting_entries_patient foreign key (clinic_id, patient_id)
        references clinic.patients (clinic_id, id) on delete cascade,
      constraint waiting_entries_service foreign key (clinic_id, service_id)
        references clinic.services (clinic_id, id) on delete cascade,
      constraint waiting_entries_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create unique index waiting_entries_one_wish on clinic.waiting_entries (clinic_id, patient_id, service_id)
      where state = 'waiting';
    create index waiting_entries_waiting on clinic.waiting_entries (clinic_id, joined_at, id) where state = 'waiting';
    create index waiting_entries_ended on clinic.waiting_entries (clinic_id, ended_at) where ended_at is not null;

    create table clinic.waiting_offers (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      entry_id uuid not null,
      -- Whose telephone rings: a family with one number is offered one time at once. Not known of what was imported.
      number_hash bytea,
      practitioner_id uuid not null,
      location_id uuid not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      state text not null default 'open' constraint waiting_offers_state_known check
        (state in ('open', 'accepted', 'declined', 'taken', 'expired', 'withdrawn')),
      by_hand boolean not null default false,
      offered_at timestamptz not null,
      expires_at timestamptz not null,
      answered_at timestamptz,
      primary key (clinic_id, id),
      constraint waiting_offers_entry foreign key (clinic_id, entry_id)
        references clinic.waiting_entries (clinic_id, id) on delete cascade,
      constraint waiting_offers_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint waiting_offers_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create unique index waiting_offers_one_open on clinic.waiting_offers (clinic_id, number_hash) where state = 'open';
    create index waiting_offers_by_entry on clinic.waiting_offers (clinic_id, entry_id, offered_at);
    create index waiting_offers_open on clinic.waiting_offers (expires_at) where state = 'open';

    create table clinic.freed_times (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      -- No doctor: all of them, hours were changed.
      practitioner_id uuid,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      because text not null constraint freed_times_because_known check
        (because in ('cancelled', 'moved', 'noshow', 'hold', 'hours')),
      look_at timestamptz not null,
      primary key (clinic_id, id),
      constraint freed_times_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade
    );
    create index freed_times_due on clinic.freed_times (look_at);

    create table clinic.waiting_drafts (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      -- The browser it was typed in, as far as its cookie tells.
      browser bytea not null,
      draft_sealed bytea not null,
      language text not null,
      code_hash text,
      code_sent_at timestamptz,
      code_expires_at timestamptz,
      code_tries integer not null default 0,
      codes_sent integer not null default 0,
      -- The entry that came of it, for whoever sends the code twice.
      entry_id uuid,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (clinic_id, id)
    );
    create index waiting_drafts_by_expiry on clinic.waiting_drafts (clinic_id, expires_at);
  `)
  for (const table of ['waiting_entries', 'waiting_offers', 'freed_times', 'waiting_drafts']) {
    // eslint-disable-next-line no-restricted-syntax -- names from the list above
    await knex.raw(`
      alter table clinic.${table} enable row level security;
      alter table clinic.${table} force row level security;
      create policy own_clinic on clinic.${table} to nabz_app
        using (clinic_id = current_setting('app.clinic_id')::uuid);
      grant select, insert, update, delete on clinic.${table} to nabz_app;
    `)
  }
  await knex.raw(`
    create policy work_due on clinic.waiting_entries for select to nabz_jobs using (true);
    grant select (clinic_id, state) on clinic.waiting_entries to nabz_jobs;
    create policy work_due on clinic.waiting_offers for select to nabz_jobs using (true);
    grant select (clinic_id, state, expires_at) on clinic.waiting_offers to nabz_jobs;
    create policy work_due on clinic.freed_times for select to nabz_jobs using (true);
    grant select (clinic_id, look_at) on clinic.freed_times to nabz_jobs;
    create policy work_due on clinic.profiles for select to nabz_jobs using (true);
    grant select (clinic_id, waitlist, waitlist_seen) on clinic.profiles to nabz_jobs;
  `)
}
