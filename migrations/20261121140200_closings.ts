import type { Knex } from 'knex'

/** Clinics that are on their way out, what is signed when they are gone, and the doors that close meanwhile. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.closings (
      id uuid primary key,
      -- No reference: it outlives the clinic.
      clinic_id uuid not null,
      -- 'restored': a clinic that was erased before, and came back with a backup.
      kind text not null constraint closings_kind_known check (kind in ('asked', 'expired', 'restored')),
      asked_by uuid,
      asked_at timestamptz not null,
      -- Why, where somebody said so: words of a list, and what they wrote, which goes with the clinic.
      reasons text[] not null default '{}',
      comment_sealed bytea,
      tell_patients text not null default 'keep' constraint closings_tell_known check (tell_patients in ('cancel', 'keep')),
      tell_at timestamptz,
      told_at timestamptz,
      visits_cancelled integer not null default 0,
      undo_until timestamptz not null,
      purge_by timestamptz not null,
      state text not null default 'waiting'
        constraint closings_state_known check (state in ('waiting', 'purging', 'done', 'undone')),
      warned_at timestamptz,
      began_at timestamptz,
      finished_at timestamptz,
      undone_at timestamptz,
      undone_by uuid,
      undo_reason text,
      certificate_id uuid,
      -- Whoever works on it, and until when nobody else does.
      worker uuid,
      lease_until timestamptz,
      key_fingerprint bytea,
      audit_head bytea,
      -- How far the head has come: entries so far, and the last of them. null until it has begun.
      audit_count bigint,
      audit_last uuid,
      audit_done boolean not null default false,
      -- {"clinic.appointments": 12, …}: what is gone so far, and what there was to go.
      counts jsonb not null default '{}',
      rows_total bigint,
      rows_done bigint not null default 0,
      constraint closings_finished check ((state = 'done') <= (finished_at is not null and asked_by is null)),
      constraint closings_undone check ((state = 'undone') = (undone_at is not null))
    );
    create unique index closings_one_open on platform.closings (clinic_id) where state in ('waiting', 'purging');
    create index closings_to_do on platform.closings (asked_at) where state in ('waiting', 'purging');
    create index closings_newest on platform.closings (asked_at, id);

    -- Signed statements that a clinic is gone: counts, fingerprints and times, nothing about anybody.
    create table platform.certificates (
      id uuid primary key,
      body text not null,
      signature bytea not null,
      public_key bytea not null,
      issued_at timestamptz not null
    );
    grant select, insert, update on platform.closings to nabz_app;
    grant select, insert on platform.certificates to nabz_app;

    -- Its owner closes it: locked, whatever is paid.
    alter table platform.subscriptions add column closed_at timestamptz;

    -- The clinic a mail is about, so that it goes with the clinic.
    alter table platform.mails add column clinic_id uuid;
    create index mails_by_clinic on platform.mails (clinic_id) where clinic_id is not null;
    grant delete on platform.mails to nabz_app;
  `)
  await knex.raw(`
    -- What the application may only add to goes with the clinic, once the clinic is being erased: a piece at a time, so
    -- that no statement is long. The owner is held to the clinic of the transaction by its own policy.
    create function platform.erase_clinic_log(log text, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        touched integer;
        own uuid := current_setting('app.clinic_id')::uuid;
      begin
        if log not in ('audit_entries', 'audit_links') then raise exception 'not a log: %', log; end if;
        if not exists (select from platform.closings where clinic_id = own and state = 'purging') then
          raise exception 'the clinic is not being erased';
        end if;
        execute format('delete from clinic.%I where clinic_id = $1 and ctid = any(array(
          select ctid from clinic.%I where clinic_id = $1 limit $2))', log, log) using own, most;
        get diagnostics touched = row_count;
        return touched;
      end $$;
    revoke all on function platform.erase_clinic_log from public;
    grant execute on function platform.erase_clinic_log to nabz_app;
  `)
}
