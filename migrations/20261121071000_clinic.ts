import type { Knex } from 'knex'

/**
 * What a clinic owns. Every row carries `clinic_id`, keys and references include it, row-level security is forced, and
 * erasing the clinic's root row erases all of it. `reference/scaling.md` is the list of rules these tables keep.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists btree_gist;
    create schema clinic;

    -- The one way to name the clinic of a transaction. SET LOCAL through EXECUTE, because set_config does not reach the
    -- workers of a distributed database.
    create function public.app_set_clinic(c uuid) returns void language plpgsql as
      $$ begin execute format('set local app.clinic_id = %L', c); end $$;

    create table clinic.profiles (
      clinic_id uuid primary key,
      about text,
      phone text,
      whatsapp text,
      languages text not null default '',
      min_notice_min integer not null default 60 constraint profiles_notice_range check (min_notice_min between 0 and 43200),
      horizon_days integer not null default 42 constraint profiles_horizon_range check (horizon_days between 1 and 365),
      slot_step_min integer not null default 15 constraint profiles_step_range check (slot_step_min between 5 and 240),
      max_open_bookings integer not null default 3,
      code_policy text not null default 'always' constraint profiles_code_known check (code_policy in ('always', 'new', 'off')),
      alert_email text,
      quiet_from time not null default '21:00',
      quiet_to time not null default '08:00',
      bring_note text,
      link_shared_at timestamptz,
      checklist_hidden_at timestamptz,
      created_at timestamptz not null
    );

    create table clinic.locations (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      name text not null,
      address text not null,
      map_url text,
      phone text,
      position integer not null default 0,
      active boolean not null default true,
      created_at timestamptz not null,
      primary key (clinic_id, id)
    );

    create table clinic.practitioners (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      user_id uuid,
      name text not null,
      title text,
      position integer not null default 0,
      active boolean not null default true,
      created_at timestamptz not null,
      primary key (clinic_id, id)
    );

    create table clinic.services (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      name text not null,
      duration_min integer not null constraint services_duration_range check (duration_min between 5 and 720),
      buffer_before_min integer not null default 0 constraint services_before_range check (buffer_before_min between 0 and 240),
      buffer_after_min integer not null default 0 constraint services_after_range check (buffer_after_min between 0 and 240),
      capacity integer not null default 1 constraint services_capacity_range check (capacity between 1 and 100),
      price_minor bigint constraint services_price_range check (price_minor between 0 and 1000000000000),
      currency char(3) not null,
      online boolean not null default true,
      position integer not null default 0,
      active boolean not null default true,
      created_at timestamptz not null,
      primary key (clinic_id, id)
    );

    create table clinic.practitioner_services (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      practitioner_id uuid not null,
      service_id uuid not null,
      primary key (clinic_id, practitioner_id, service_id),
      constraint practitioner_services_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint practitioner_services_service foreign key (clinic_id, service_id)
        references clinic.services (clinic_id, id) on delete cascade
    );

    -- Weekly hours. Minutes from local midnight, up to 2880 for a shift that runs past midnight; ISO weekday of its start.
    create table clinic.shifts (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      practitioner_id uuid not null,
      location_id uuid not null,
      weekday smallint not null constraint shifts_weekday_range check (weekday between 1 and 7),
      starts_min smallint not null constraint shifts_start_range check (starts_min between 0 and 1439),
      ends_min smallint not null,
      valid_from date,
      valid_to date,
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint shifts_end_after_start check (ends_min > starts_min and ends_min <= 2880 and ends_min - starts_min <= 1440),
      constraint shifts_valid_order check (valid_to >= valid_from),
      constraint shifts_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint shifts_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create index shifts_by_practitioner on clinic.shifts (clinic_id, practitioner_id);

    create table clinic.closures (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      practitioner_id uuid,
      location_id uuid,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      reason text not null,
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint closures_order check (ends_at > starts_at),
      constraint closures_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint closures_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create index closures_by_end on clinic.closures (clinic_id, ends_at);

    create table clinic.patients (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      name text not null,
      name_key text not null,
      phone_sealed bytea not null,
      phone_index bytea not null,
      phone_last_four_index bytea not null,
      email_sealed bytea,
      language text not null,
      phone_proven_at timestamptz,
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint patients_phone_name_unique unique (clinic_id, phone_index, name_key)
    );
    create index patients_by_last_four on clinic.patients (clinic_id, phone_last_four_index);

    -- The folded words of each name, so that a person is found by any of them; name_key alone finds the first only.
    create table clinic.patient_words (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      word text collate "C" not null,
      patient_id uuid not null,
      primary key (clinic_id, word, patient_id),
      constraint patient_words_patient foreign key (clinic_id, patient_id)
        references clinic.patients (clinic_id, id) on delete cascade
    );
    create index patient_words_by_patient on clinic.patient_words (clinic_id, patient_id);

    create table clinic.consents (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      patient_id uuid not null,
      purpose text not null constraint consents_purpose_known check (purpose in ('appointment_messages')),
      wording text not null,
      language text not null,
      given_at timestamptz not null,
      withdrawn_at timestamptz,
      primary key (clinic_id, id),
      constraint consents_patient foreign key (clinic_id, patient_id)
        references clinic.patients (clinic_id, id) on delete cascade
    );
    create index consents_by_patient on clinic.consents (clinic_id, patient_id, purpose);

    create table clinic.appointments (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      reference text not null,
      practitioner_id uuid not null,
      service_id uuid not null,
      location_id uuid not null,
      patient_id uuid,
      status text not null constraint appointments_status_known check
        (status in ('pending', 'booked', 'arrived', 'in_room', 'fulfilled', 'cancelled', 'noshow')),
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      occupied_from timestamptz not null,
      occupied_to timestamptz not null,
      occupied tstzrange generated always as (tstzrange(occupied_from, occupied_to, '[)')) stored,
      occupies boolean generated always as (status not in ('cancelled', 'noshow')) stored,
      -- One visit to a service at one time; several people may share it up to the service's capacity.
      session text generated always as
        (service_id::text || '@' || location_id::text || '@' || extract(epoch from starts_at at time zone 'UTC')::text) stored,
      lane integer not null,
      capacity integer not null,
      overbooked boolean not null default false,
      overbook_reason text,
      hold_owner bytea,
      hold_expires_at timestamptz,
      draft_sealed bytea,
      source text not null constraint appointments_source_known check (source in ('online', 'desk')),
      language text not null,
      messages_wanted boolean not null default false,
      price_minor bigint,
      currency char(3) not null,
      note_sealed bytea,
      -- Grows with every change of time or state: a message made for an older version is stale.
      version integer not null default 1,
      link_version integer not null default 1,
      calendar_sequence integer not null default 0,
      created_at timestamptz not null,
      booked_at timestamptz,
      confirmed_at timestamptz,
      arrived_at timestamptz,
      in_room_at timestamptz,
      fulfilled_at timestamptz,
      noshow_at timestamptz,
      cancelled_at timestamptz,
      cancelled_by text constraint appointments_cancelled_by_known check (cancelled_by in ('patient', 'clinic')),
      cancel_reason text,
      previous_status text,
      primary key (clinic_id, id),
      constraint appointments_reference_unique unique (clinic_id, reference),
      constraint appointments_times check
        (ends_at > starts_at and occupied_from <= starts_at and occupied_to >= ends_at and occupied_to - occupied_from <= interval '24 hours'),
      constraint appointments_lane check (case when overbooked then lane > 1000 else lane between 1 and capacity end),
      constraint appointments_overbook_reason check (not overbooked or overbook_reason is not null),
      constraint appointments_hold check ((status = 'pending') = (hold_expires_at is not null)),
      constraint appointments_has_patient check (status = 'pending' or patient_id is not null),
      constraint appointments_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id),
      constraint appointments_service foreign key (clinic_id, service_id) references clinic.services (clinic_id, id),
      constraint appointments_location foreign key (clinic_id, location_id) references clinic.locations (clinic_id, id),
      constraint appointments_patient foreign key (clinic_id, patient_id) references clinic.patients (clinic_id, id),
      -- Nobody is double-booked: one visit per lane ...
      constraint appointments_no_overlap exclude using gist
        (clinic_id with =, practitioner_id with =, lane with =, occupied with &&)
        where (status not in ('cancelled', 'noshow')),
      -- ... and lanes are only ever shared by people of one session, so that a cancelled place in a group can't be
      -- taken by a visit of another kind while the rest of the group is still there.
      constraint appointments_one_session exclude using gist
        (clinic_id with =, practitioner_id with =, session with <>, occupied with &&)
        where (status not in ('cancelled', 'noshow') and not overbooked)
    );
    create index appointments_by_start on clinic.appointments (clinic_id, starts_at);
    create index appointments_occupying on clinic.appointments (clinic_id, practitioner_id, occupied_from) where occupies;
    create index appointments_by_patient on clinic.appointments (clinic_id, patient_id, starts_at);
    create index appointments_holds on clinic.appointments (clinic_id, hold_expires_at) where status = 'pending';

    create table clinic.verification_codes (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      appointment_id uuid not null,
      code_hash text not null,
      tries integer not null default 0,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      primary key (clinic_id, id),
      constraint verification_codes_appointment foreign key (clinic_id, appointment_id)
        references clinic.appointments (clinic_id, id) on delete cascade
    );
    create index verification_codes_by_appointment on clinic.verification_codes (clinic_id, appointment_id, created_at);

    -- The outbox and the log of what became of it.
    create table clinic.messages (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      -- No reference: a code's hold may be gone before its message is, and the log outlives neither on purpose.
      appointment_id uuid,
      patient_id uuid,
      version integer not null,
      kind text not null,
      channel text not null constraint messages_channel_known check (channel in ('whatsapp', 'email')),
      template text not null,
      language text not null,
      recipient_sealed bytea not null,
      recipient_hash bytea not null,
      params_sealed bytea,
      body_sealed bytea,
      status text not null default 'queued' constraint messages_status_known check
        (status in ('queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'failed', 'dropped')),
      due_at timestamptz not null,
      expires_at timestamptz,
      lease_until timestamptz,
      attempts integer not null default 0,
      provider_id text,
      error_code text,
      drop_reason text,
      created_at timestamptz not null,
      accepted_at timestamptz,
      sent_at timestamptz,
      delivered_at timestamptz,
      read_at timestamptz,
      failed_at timestamptz,
      primary key (clinic_id, id),
      constraint messages_once unique (clinic_id, appointment_id, version, kind, channel)
    );
    create index messages_due on clinic.messages (due_at) where status in ('queued', 'sending', 'unknown');
    create index messages_due_in_clinic on clinic.messages (clinic_id, due_at) where status in ('queued', 'sending', 'unknown');
    create index messages_by_appointment on clinic.messages (clinic_id, appointment_id, created_at);
    create index messages_by_recipient on clinic.messages (recipient_hash, created_at);
    create index messages_by_provider on clinic.messages (provider_id) where provider_id is not null;
    create index messages_by_creation on clinic.messages (clinic_id, created_at);

    create table clinic.message_attempts (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      message_id uuid not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      outcome text constraint message_attempts_outcome_known check
        (outcome in ('accepted', 'retry', 'final', 'unknown')),
      provider_id text,
      error_code text,
      error_detail text,
      primary key (clinic_id, id),
      constraint message_attempts_message foreign key (clinic_id, message_id)
        references clinic.messages (clinic_id, id) on delete cascade
    );
    create index message_attempts_by_message on clinic.message_attempts (clinic_id, message_id, started_at);

    create table clinic.inbound_messages (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      appointment_id uuid,
      patient_id uuid,
      sender_hash bytea not null,
      body_sealed bytea not null,
      meaning text not null,
      received_at timestamptz not null,
      primary key (clinic_id, id)
    );
    create index inbound_messages_by_time on clinic.inbound_messages (clinic_id, received_at);
    create index inbound_messages_by_patient on clinic.inbound_messages (clinic_id, patient_id, received_at);

    create table clinic.audit_entries (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      at timestamptz not null,
      actor_kind text not null constraint audit_actor_known check (actor_kind in ('user', 'patient', 'visitor', 'admin', 'system')),
      actor_id uuid,
      actor_role text,
      action text not null,
      record_kind text,
      record_id uuid,
      details jsonb,
      details_sealed bytea,
      request_id text,
      -- Erased after 30 days; the digest stays, so that a chain over the entries stays whole.
      address text,
      browser text,
      salt bytea,
      origin_digest bytea,
      primary key (clinic_id, id)
    );
    create index audit_entries_by_time on clinic.audit_entries (clinic_id, at);
    create index audit_entries_by_record on clinic.audit_entries (clinic_id, record_id, at);

    grant usage on schema clinic to nabz_app, nabz_jobs;
  `)

  const tables = [
    'profiles', 'locations', 'practitioners', 'services', 'practitioner_services', 'shifts', 'closures', 'patients',
    'patient_words',
    'consents', 'appointments', 'verification_codes', 'messages', 'message_attempts', 'inbound_messages', 'audit_entries',
  ] // prettier-ignore
  for (const table of tables) {
    await knex.raw(`alter table clinic.${table} enable row level security`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`alter table clinic.${table} force row level security`) // eslint-disable-line no-restricted-syntax
    // prettier-ignore
    await knex.raw(`create policy own_clinic on clinic.${table} to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid)`) // eslint-disable-line no-restricted-syntax
    const rights = table === 'audit_entries' ? 'select, insert' : 'select, insert, update, delete'
    await knex.raw(`grant ${rights} on clinic.${table} to nabz_app`) // eslint-disable-line no-restricted-syntax
  }

  // Which clinics have work, and whose a provider's answer is: these columns and no more.
  await knex.raw(`
    create policy work_due on clinic.messages for select to nabz_jobs using (true);
    grant select (clinic_id, id, status, due_at, lease_until, provider_id, recipient_hash, created_at)
      on clinic.messages to nabz_jobs;
    create policy work_due on clinic.appointments for select to nabz_jobs using (true);
    grant select (clinic_id, status, hold_expires_at) on clinic.appointments to nabz_jobs;
  `)
}
