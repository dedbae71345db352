import type { Knex } from 'knex'

/** Policies as they were published, who was told of a change, and who agreed to which version. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.policy_versions (
      id uuid primary key,
      code text not null,
      version integer not null constraint policy_versions_counted check (version > 0),
      -- {"en": "…", "ar": "…", "ur": "…"}: the whole text, as it is read.
      texts jsonb not null,
      -- Of the three texts, in hexadecimal.
      sha256 text not null,
      -- Owners are told before it takes effect, and asked to accept it.
      material boolean not null,
      summaries jsonb,
      -- null: a draft.
      published_at timestamptz,
      -- From when owners were told; null where nobody has to be.
      noticed_at timestamptz,
      effective_at timestamptz,
      -- How far the mails have come: the last owner written to, in the order of their ids.
      mailed_up_to uuid,
      mails integer not null default 0,
      mailing_done_at timestamptz,
      created_by uuid references platform.users (id) on delete set null,
      created_at timestamptz not null,
      constraint policy_versions_once unique (code, version),
      constraint policy_versions_dated check (published_at is null or effective_at is not null)
    );
    -- One draft of each at a time.
    create unique index policy_versions_draft on platform.policy_versions (code) where published_at is null;
    create index policy_versions_to_mail on platform.policy_versions (noticed_at)
      where noticed_at is not null and mailing_done_at is null;

    -- What people have read and agreed to is not rewritten under them, whoever asks for it.
    create function platform.keep_published_policy() returns trigger language plpgsql as $$
    begin
      if old.published_at is null then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      if tg_op = 'DELETE' or (new.id, new.code, new.version, new.texts, new.sha256, new.material, new.summaries,
          new.published_at, new.noticed_at, new.effective_at)
        is distinct from (old.id, old.code, old.version, old.texts, old.sha256, old.material, old.summaries,
          old.published_at, old.noticed_at, old.effective_at) then
        raise exception 'a published policy does not change' using errcode = 'integrity_constraint_violation';
      end if;
      return new;
    end $$;
    create trigger policy_versions_frozen before update or delete on platform.policy_versions
      for each row execute function platform.keep_published_policy();

    create table platform.policy_notices (
      version_id uuid not null references platform.policy_versions (id),
      user_id uuid not null references platform.users (id) on delete cascade,
      at timestamptz not null,
      primary key (version_id, user_id)
    );

    -- By person first: every page of a desk asks what its reader has accepted.
    create table platform.policy_acceptances (
      user_id uuid not null references platform.users (id) on delete cascade,
      code text not null,
      version integer not null,
      clinic_id uuid references platform.clinics (id) on delete set null,
      language text not null,
      sha256 text not null,
      at timestamptz not null,
      primary key (user_id, code, version),
      foreign key (code, version) references platform.policy_versions (code, version)
    );
    create index policy_acceptances_of_clinic on platform.policy_acceptances (clinic_id);

    grant select, insert, update, delete on platform.policy_versions to nabz_app;
    grant select, insert on platform.policy_notices, platform.policy_acceptances to nabz_app;
  `)
}
