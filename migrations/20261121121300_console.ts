import type { Knex } from 'knex'

/**
 * What the console's list of clinics is searched, filtered and sorted by, beside each clinic, so that a page of 50,000 is
 * one look into one index; and what whoever runs Nabz writes down about a clinic.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.clinics
      -- The name folded, to sort by.
      add column name_key text collate "C" not null default '',
      -- As in platform.subscriptions, whose trigger keeps it: the copy can't be forgotten.
      add column subscription_status text not null default 'trialing',
      -- Counted now and then from platform.daily_counts and platform.diaries: see features/console/jobs.
      add column last_active_on date not null default current_date,
      add column bookings_this_month integer not null default 0,
      add column messages_this_month integer not null default 0,
      add column messages_failing boolean not null default false;
    update platform.clinics c set name_key = lower(name), last_active_on = c.created_at::date,
      subscription_status = coalesce((select status from platform.subscriptions s where s.clinic_id = c.id), 'trialing');

    create index clinics_by_name on platform.clinics (name_key, id);
    create index clinics_by_activity on platform.clinics (last_active_on, id);
    create index clinics_by_usage on platform.clinics (bookings_this_month, id);
    create index clinics_by_plan on platform.clinics (plan, id);
    create index clinics_by_country on platform.clinics (country, id);
    create index clinics_by_subscription on platform.clinics (subscription_status, id);
    create index clinics_suspended on platform.clinics (id) where status = 'suspended';
    create index clinics_failing on platform.clinics (id) where messages_failing;

    create function platform.copy_subscription_status() returns trigger language plpgsql as $$
      begin
        update platform.clinics set subscription_status = new.status
          where id = new.clinic_id and subscription_status <> new.status;
        return null;
      end $$;
    create trigger subscriptions_status_copied after insert or update on platform.subscriptions
      for each row execute function platform.copy_subscription_status();

    -- The folded words of a clinic's name, city and address, so that it is found by the beginning of any.
    create table platform.clinic_words (
      word text collate "C" not null,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      primary key (word, clinic_id)
    );
    create index clinic_words_by_clinic on platform.clinic_words (clinic_id);
    insert into platform.clinic_words (word, clinic_id)
      select distinct word, id from platform.clinics,
        regexp_split_to_table(lower(name || ' ' || city || ' ' || replace(slug, '-', ' ')), '\\s+') as word
      where word <> '';
    -- By the beginning of an e-mail, whatever order the database keeps text in.
    create index users_by_email on platform.users (email collate "C");

    create table platform.clinic_notes (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      at timestamptz not null,
      author_id uuid references platform.users (id) on delete set null,
      body text not null,
      withdrawn_at timestamptz
    );
    create index clinic_notes_by_clinic on platform.clinic_notes (clinic_id, at);

    create index audit_entries_by_clinic on platform.audit_entries (clinic_id, at) where clinic_id is not null;
    create index audit_entries_by_actor on platform.audit_entries (actor_id, at) where actor_id is not null;
    create index daily_counts_failed on platform.daily_counts (day, clinic_id) where metric = 'messages_failed';
    create index subscriptions_by_end on platform.subscriptions (period_end, clinic_id) where period_end is not null;
    create index payments_newest on platform.payments (created_at, id);
    create index documents_newest on platform.documents (issued_at, id);

    grant select, insert, delete on platform.clinic_words to nabz_app;
    grant select, insert, update on platform.clinic_notes to nabz_app;
  `)
}
