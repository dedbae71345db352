import type { Knex } from 'knex'

/** What proves who somebody is besides their password, who must have it since when, and how a lost one is reset. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One seed of an authenticator app that counts, and at most one that is being set up.
    create table platform.totp_seeds (
      id uuid primary key,
      user_id uuid not null references platform.users (id) on delete cascade,
      seed_sealed bytea not null,
      -- The 30 seconds whose code was taken last: neither it nor an earlier one is taken again.
      last_step bigint not null default 0,
      created_at timestamptz not null,
      confirmed_at timestamptz
    );
    create unique index totp_seeds_one_counts on platform.totp_seeds (user_id) where confirmed_at is not null;
    create unique index totp_seeds_one_waits on platform.totp_seeds (user_id) where confirmed_at is null;

    create table platform.recovery_codes (
      user_id uuid not null references platform.users (id) on delete cascade,
      -- The code's first digit, so that one look at one hash is enough.
      position smallint not null constraint recovery_codes_ten check (position between 0 and 9),
      code_hash text not null,
      created_at timestamptz not null,
      used_at timestamptz,
      primary key (user_id, position)
    );

    create table platform.passkeys (
      id uuid primary key,
      user_id uuid not null references platform.users (id) on delete cascade,
      credential_id text not null constraint passkeys_credential_unique unique,
      public_key bytea not null,
      counter bigint not null,
      transports text[] not null default '{}',
      name text not null,
      created_at timestamptz not null,
      last_used_at timestamptz
    );
    create index passkeys_by_user on platform.passkeys (user_id);

    -- What a passkey is asked to sign: spent by deleting it, so that of many answers at once one counts.
    create table platform.passkey_challenges (
      hash bytea primary key,
      purpose text not null constraint passkey_challenges_purpose_known check (purpose in ('register', 'sign_in', 'confirm')),
      -- Nobody, when the passkey is to say who it is.
      user_id uuid references platform.users (id) on delete cascade,
      expires_at timestamptz not null
    );
    create index passkey_challenges_by_expiry on platform.passkey_challenges (expires_at);

    create table platform.factor_resets (
      id uuid primary key,
      user_id uuid not null references platform.users (id) on delete cascade,
      asked_by uuid references platform.users (id) on delete set null,
      -- The clinic whose owner asked; null for the platform.
      clinic_id uuid references platform.clinics (id) on delete set null,
      -- How the person was known to be themselves, in the asker's words.
      proof_sealed bytea not null,
      token_hash bytea not null constraint factor_resets_token_unique unique,
      asked_at timestamptz not null,
      due_at timestamptz not null,
      cancelled_at timestamptz,
      done_at timestamptz
    );
    create unique index factor_resets_one_at_a_time on platform.factor_resets (user_id)
      where cancelled_at is null and done_at is null;
    create index factor_resets_due on platform.factor_resets (due_at) where cancelled_at is null and done_at is null;

    -- Since when somebody has the role they have; null: since they came.
    alter table platform.memberships add column role_since timestamptz;
    -- The clinic's word, and since when it stands.
    alter table platform.clinics
      add column factor_required boolean not null default true,
      add column factor_since timestamptz,
      add column factor_changed_by uuid;
    -- Whoever is here already has their days of grace from today.
    update platform.clinics set factor_since = now();

    grant select, insert, update, delete on
      platform.totp_seeds, platform.recovery_codes, platform.passkeys, platform.passkey_challenges, platform.factor_resets
    to nabz_app;
  `)
}
