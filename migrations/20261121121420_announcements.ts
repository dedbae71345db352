import type { Knex } from 'knex'

/** What the platform tells its clinics: over the pages of their desks, by mail to their owners, or both. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.announcements (
      id uuid primary key,
      -- {"en": "…", "ar": "…", "ur": "…"}, all three.
      titles jsonb not null,
      texts jsonb not null,
      tone text not null default 'info' constraint announcements_tone_known check (tone in ('info', 'warning')),
      banner boolean not null,
      email boolean not null,
      -- About the service itself: goes also to those who want no news.
      operational boolean not null default false,
      -- Empty: everybody. Otherwise clinics of these plans, countries and languages.
      plans text[] not null default '{}',
      countries text[] not null default '{}',
      languages text[] not null default '{}',
      starts_at timestamptz not null,
      ends_at timestamptz,
      -- null: a draft.
      published_at timestamptz,
      withdrawn_at timestamptz,
      -- How far the mails have come: the last owner written to, in the order of their ids.
      mailed_up_to uuid,
      mails integer not null default 0,
      mailing_done_at timestamptz,
      created_by uuid references platform.users (id) on delete set null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint announcements_somewhere check (banner or email),
      constraint announcements_period check (ends_at is null or ends_at > starts_at)
    );
    create index announcements_newest on platform.announcements (created_at, id);
    create index announcements_to_mail on platform.announcements (starts_at)
      where email and published_at is not null and withdrawn_at is null and mailing_done_at is null;

    -- By person first: every page asks what its reader has put away.
    create table platform.announcement_dismissals (
      user_id uuid not null references platform.users (id) on delete cascade,
      announcement_id uuid not null references platform.announcements (id) on delete cascade,
      at timestamptz not null,
      primary key (user_id, announcement_id)
    );
    create table platform.announcement_mails (
      announcement_id uuid not null references platform.announcements (id) on delete cascade,
      user_id uuid not null references platform.users (id) on delete cascade,
      at timestamptz not null,
      primary key (announcement_id, user_id)
    );
    create table platform.news_opt_outs (
      user_id uuid primary key references platform.users (id) on delete cascade,
      at timestamptz not null
    );
    create index memberships_of_owners on platform.memberships (user_id) where role = 'owner';

    grant select, insert, update, delete on
      platform.announcements, platform.announcement_dismissals, platform.announcement_mails, platform.news_opt_outs
    to nabz_app;
  `)
}
