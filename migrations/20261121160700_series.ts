import type { Knex } from 'knex'

/**
 * Repeat visits. A series is the rule they were booked by; the visits themselves are ordinary appointments that know
 * their place in it. One message may tell of several visits: each keeps a row of its own that says what was told, and
 * `told_with` holds them together with the message that carried it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.series (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      every text not null constraint series_every_known check (every in ('day', 'week', 'month')),
      step smallint not null constraint series_step_range check (step between 1 and 12),
      -- ISO weekdays of a weekly rule, with commas between.
      weekdays text not null default '',
      month_by text constraint series_month_by_known check (month_by in ('date', 'weekday')),
      visits smallint not null constraint series_visits_range check (visits between 2 and 52),
      created_at timestamptz not null,
      -- What was last done to several of its visits at once, for taking it back; ids, times and states only.
      last_change jsonb,
      primary key (clinic_id, id),
      constraint series_month_by check ((every = 'month') = (month_by is not null))
    );
    alter table clinic.series enable row level security;
    alter table clinic.series force row level security;
    create policy own_clinic on clinic.series to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.series to nabz_app;

    alter table clinic.appointments
      add column series_id uuid,
      add column series_index smallint,
      -- Of how many; told with the visit, so that no list has to look up the series.
      add column series_of smallint,
      add constraint appointments_series foreign key (clinic_id, series_id) references clinic.series (clinic_id, id),
      add constraint appointments_series_place check
        (num_nulls(series_id, series_index, series_of) in (0, 3) and series_index between 1 and series_of);
    create unique index appointments_by_series on clinic.appointments (clinic_id, series_id, series_index)
      where series_id is not null;

    alter table clinic.messages add column told_with uuid;
    create index messages_told_with on clinic.messages (clinic_id, told_with) where told_with is not null;
  `)
}
