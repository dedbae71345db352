import type { Knex } from 'knex'

/** People see and end their own sessions, and are told of a browser that is new for them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index sessions_by_user on platform.sessions ((sess ->> 'userId'));

    -- Which kinds of browser an account was used with: keyed hashes of family and platform, different for each account.
    create table platform.known_browsers (
      user_id uuid not null references platform.users (id) on delete cascade,
      browser_hash bytea not null,
      seen_at timestamptz not null,
      primary key (user_id, browser_hash)
    );
    create index known_browsers_by_time on platform.known_browsers (seen_at);
    grant select, insert, update, delete on platform.known_browsers to nabz_app;

    -- 'not_me' ends every session and the password; the other three are about the e-mail they name.
    alter table platform.account_tokens drop constraint account_tokens_purpose_known;
    alter table platform.account_tokens
      add column email text,
      add constraint account_tokens_purpose_known
        check (purpose in ('password_reset', 'not_me', 'verify_email', 'change_email', 'undo_email')),
      add constraint account_tokens_email_named check ((email is not null) = (purpose like '%\\_email'));

    -- Typed at sign-up, and nobody has shown yet to read it.
    alter table platform.users add column email_unproven boolean not null default false;
  `)
}
