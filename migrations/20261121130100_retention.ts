import type { Knex } from 'knex'

/**
 * What keeping our promises about time needs: the periods a clinic sets, visits whose patient was forgotten, a ledger of
 * what was erased, pauses ordered by law, and the only ways in which entries of the audit logs may shrink or go.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.profiles
      add column booking_identity_months integer not null default 24
        constraint profiles_identity_months check (booking_identity_months between 6 and 24),
      add column medical_record_months integer not null default 120
        constraint profiles_record_months check (medical_record_months between 24 and 600);

    alter table clinic.appointments
      -- Tied to a medical record: kept for the clinic's own period.
      add column record_kept boolean not null default false,
      add column identity_erased_at timestamptz,
      drop constraint appointments_has_patient,
      add constraint appointments_has_patient
        check (status = 'pending' or patient_id is not null or identity_erased_at is not null);
    create index appointments_with_identity on clinic.appointments (clinic_id, ends_at) where identity_erased_at is null;
    create index verification_codes_by_expiry on clinic.verification_codes (clinic_id, expires_at);
    create index patients_by_creation on clinic.patients (clinic_id, created_at);

    create index webhook_events_by_time on platform.webhook_events (received_at);
    create index mails_by_creation on platform.mails (created_at);
    create index account_tokens_by_expiry on platform.account_tokens (expires_at);
    create index invitations_by_expiry on platform.invitations (expires_at);

    -- Counts, never contents. clinic_id is a plain number: the ledger outlives clinics.
    create table platform.erasures (
      id uuid primary key,
      run uuid not null,
      rule text not null,
      clinic_id uuid,
      count integer not null constraint erasures_count check (count > 0),
      at timestamptz not null
    );
    create index erasures_newest on platform.erasures (at, id);
    create index erasures_by_clinic on platform.erasures (clinic_id, at);

    create table platform.legal_holds (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      reason text not null,
      -- The owner who was told, and agreed to it.
      owner_name text not null,
      set_by uuid not null,
      set_at timestamptz not null,
      until timestamptz not null,
      lifted_at timestamptz,
      constraint legal_holds_period check (until > set_at)
    );
    create index legal_holds_by_clinic on platform.legal_holds (clinic_id, until);

    -- When each clinic was last gone through; whose turn it is, is claimed here.
    create table platform.retention_turns (
      clinic_id uuid primary key references platform.clinics (id) on delete cascade,
      done_at timestamptz,
      lease_until timestamptz
    );
    -- One row: the time of the last look, and since when a leap of the clock is being waited out.
    create table platform.retention_clock (
      only_one boolean primary key default true constraint retention_clock_one check (only_one),
      seen_at timestamptz not null,
      leapt_at timestamptz
    );
    grant select, insert on platform.erasures to nabz_app;
    grant select, insert, update on platform.legal_holds, platform.retention_turns, platform.retention_clock to nabz_app;
  `)
  await knex.raw(`
    -- The owner is held to the clinic of the transaction as the application is.
    create policy shorten_own on clinic.audit_entries to current_user
      using (clinic_id = current_setting('app.clinic_id')::uuid);

    -- The application can't change or delete an entry. These four can, and never earlier than was promised by the
    -- database's own clock, whatever cut-off they are told.
    create function platform.strip_clinic_audit(before timestamptz, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare touched integer;
      begin
        update clinic.audit_entries e set address = null, browser = null, salt = null
        where e.clinic_id = current_setting('app.clinic_id')::uuid and e.id in (
          select d.id from clinic.audit_entries d
          where d.clinic_id = current_setting('app.clinic_id')::uuid
            and d.at < least(before, clock_timestamp() - interval '720 hours') and d.salt is not null
          order by d.at limit most for update skip locked);
        get diagnostics touched = row_count;
        return touched;
      end $$;
    create function platform.delete_clinic_audit(before timestamptz, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare touched integer;
      begin
        delete from clinic.audit_entries e
        where e.clinic_id = current_setting('app.clinic_id')::uuid and e.id in (
          select d.id from clinic.audit_entries d
          where d.clinic_id = current_setting('app.clinic_id')::uuid
            and d.at < least(before, clock_timestamp() - interval '12 months')
          order by d.at limit most for update skip locked);
        get diagnostics touched = row_count;
        return touched;
      end $$;
    create function platform.strip_platform_audit(before timestamptz, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare touched integer;
      begin
        update platform.audit_entries set address = null, browser = null where id in (
          select d.id from platform.audit_entries d
          where d.at < least(before, clock_timestamp() - interval '720 hours')
            and (d.address is not null or d.browser is not null)
          order by d.at limit most for update skip locked);
        get diagnostics touched = row_count;
        return touched;
      end $$;
    create function platform.delete_platform_audit(before timestamptz, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare touched integer;
      begin
        delete from platform.audit_entries where id in (
          select d.id from platform.audit_entries d
          where d.at < least(before, clock_timestamp() - interval '12 months')
          order by d.at limit most for update skip locked);
        get diagnostics touched = row_count;
        return touched;
      end $$;
    create index audit_entries_with_origin on clinic.audit_entries (clinic_id, at) where salt is not null;
    revoke all on function platform.strip_clinic_audit, platform.delete_clinic_audit, platform.strip_platform_audit,
      platform.delete_platform_audit from public;
    grant execute on function platform.strip_clinic_audit, platform.delete_clinic_audit, platform.strip_platform_audit,
      platform.delete_platform_audit to nabz_app;
  `)
}
