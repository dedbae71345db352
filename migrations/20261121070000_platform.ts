import type { Knex } from 'knex'

/**
 * What belongs to the service as a whole: people, clinics, sessions, and the look-ups that must work before a clinic is
 * known. Nothing here points at schema `clinic`, and nothing there points here.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create schema platform;

    create table platform.users (
      id uuid primary key,
      email text not null constraint users_email_unique unique,
      name text not null,
      password_hash text not null,
      password_version integer not null default 1,
      language text not null default 'en',
      theme text not null default 'auto' constraint users_theme_known check (theme in ('auto', 'light', 'dark')),
      shortcuts boolean not null default true,
      platform_admin boolean not null default false,
      created_at timestamptz not null,
      constraint users_email_lower check (email = lower(email))
    );

    create table platform.clinics (
      id uuid primary key,
      slug text not null constraint clinics_slug_unique unique,
      name text not null,
      city text not null,
      country char(2) not null,
      specialty text not null,
      time_zone text not null,
      currency char(3) not null,
      language text not null,
      accent text not null default 'teal',
      placement text not null default 'main',
      status text not null default 'active'
        constraint clinics_status_known check (status in ('active', 'read_only', 'locked', 'suspended')),
      created_at timestamptz not null
    );

    -- Counts what a reader must see: 'diary' grows with every change of an appointment or hold, 'settings' with every
    -- change of hours, closures, services or people. What was computed under a pair of numbers is valid while they stand.
    create table platform.diaries (
      clinic_id uuid primary key references platform.clinics (id) on delete cascade,
      diary_version bigint not null default 1,
      settings_version bigint not null default 1
    );

    create table platform.memberships (
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      user_id uuid not null references platform.users (id) on delete cascade,
      role text not null constraint memberships_role_known check (role in ('owner', 'doctor', 'receptionist')),
      created_at timestamptz not null,
      primary key (clinic_id, user_id)
    );
    create index memberships_by_user on platform.memberships (user_id);

    create table platform.sessions (
      sid text primary key,
      sess json not null,
      expire timestamptz not null
    );
    create index sessions_by_expiry on platform.sessions (expire);

    create table platform.invitations (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      email text not null,
      role text not null constraint invitations_role_known check (role in ('owner', 'doctor', 'receptionist')),
      practitioner_id uuid,
      language text not null,
      token_hash bytea not null constraint invitations_token_unique unique,
      invited_by uuid not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      accepted_at timestamptz,
      withdrawn_at timestamptz
    );
    create index invitations_by_clinic on platform.invitations (clinic_id, created_at);

    create table platform.account_tokens (
      token_hash bytea primary key,
      user_id uuid not null references platform.users (id) on delete cascade,
      purpose text not null constraint account_tokens_purpose_known check (purpose in ('password_reset')),
      password_version integer not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz
    );
    create index account_tokens_by_user on platform.account_tokens (user_id);

    -- A patient's link, found before its clinic is known. Only the hash is kept: the token is made anew from the
    -- appointment whenever a message needs it.
    create table platform.appointment_links (
      token_hash bytea primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      appointment_id uuid not null,
      expires_at timestamptz not null
    );
    create index appointment_links_by_appointment on platform.appointment_links (clinic_id, appointment_id);
    create index appointment_links_by_expiry on platform.appointment_links (expires_at);

    -- Numbers that said STOP, as keyed hashes apart from any patient, so that STOP survives erasure. The sender is
    -- 'platform' for the number all clinics share, or the id of a clinic that brought its own.
    create table platform.opt_outs (
      sender text not null,
      number_hash bytea not null,
      stopped_at timestamptz not null,
      wording text not null,
      evidence text,
      resumed_at timestamptz,
      resumed_wording text,
      primary key (sender, number_hash)
    );

    create table platform.throttles (
      key bytea not null,
      window_start timestamptz not null,
      count integer not null,
      primary key (key, window_start)
    );
    create index throttles_by_window on platform.throttles (window_start);

    create table platform.webhook_events (
      provider text not null,
      key text not null,
      id uuid not null constraint webhook_events_id_unique unique,
      body_sealed bytea not null,
      received_at timestamptz not null,
      lease_until timestamptz,
      attempts integer not null default 0,
      done_at timestamptz,
      primary key (provider, key)
    );
    create index webhook_events_due on platform.webhook_events (received_at) where done_at is null;

    -- Mail about an account rather than a clinic: reset links, invitations, notices.
    create table platform.mails (
      id uuid primary key,
      kind text not null,
      mail_sealed bytea not null,
      due_at timestamptz not null,
      expires_at timestamptz,
      lease_until timestamptz,
      attempts integer not null default 0,
      status text not null default 'queued'
        constraint mails_status_known check (status in ('queued', 'sending', 'sent', 'failed', 'dropped')),
      error_code text,
      created_at timestamptz not null,
      sent_at timestamptz
    );
    create index mails_due on platform.mails (due_at) where status in ('queued', 'sending');

    create table platform.audit_entries (
      id uuid primary key,
      at timestamptz not null,
      actor_kind text not null,
      actor_id uuid,
      action text not null,
      record_kind text,
      record_id uuid,
      clinic_id uuid,
      details jsonb,
      request_id text,
      address text,
      browser text
    );
    create index audit_entries_by_time on platform.audit_entries (at);

    grant usage on schema platform to nabz_app, nabz_jobs;
    grant select, insert, update, delete on
      platform.users, platform.clinics, platform.diaries, platform.memberships, platform.sessions,
      platform.invitations, platform.account_tokens, platform.appointment_links, platform.opt_outs,
      platform.throttles, platform.webhook_events, platform.mails
    to nabz_app;
    grant select, insert on platform.audit_entries to nabz_app;
    grant select (id, slug, status) on platform.clinics to nabz_jobs;
  `)
}
