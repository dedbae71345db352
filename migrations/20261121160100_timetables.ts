import type { Knex } from 'knex'

/**
 * Hours for some dates only, which take the place of the weekly ones: a timetable owns shifts. By dates, a single one
 * included, or by Hijri month, whose first day a clinic can correct as the moon is seen. And closures that patients may
 * know the reason of, by its name in several languages where it is a national holiday.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.timetables (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      practitioner_id uuid not null,
      location_id uuid,
      name text,
      kind text not null constraint timetables_kind check (kind in ('dates', 'hijri_month')),
      valid_from date,
      valid_to date,
      hijri_month smallint constraint timetables_month check (hijri_month between 1 and 12),
      hijri_year smallint constraint timetables_year check (hijri_year between 1300 and 1600),
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint timetables_covers check (
        case kind when 'dates' then valid_from is not null and valid_to is not null and valid_to >= valid_from
                                    and hijri_month is null and hijri_year is null
        else hijri_month is not null and valid_from is null and valid_to is null end),
      constraint timetables_practitioner foreign key (clinic_id, practitioner_id)
        references clinic.practitioners (clinic_id, id) on delete cascade,
      constraint timetables_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );
    create index timetables_by_practitioner on clinic.timetables (clinic_id, practitioner_id);

    create table clinic.moon_corrections (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      hijri_year smallint not null constraint moon_corrections_year check (hijri_year between 1300 and 1601),
      hijri_month smallint not null constraint moon_corrections_month check (hijri_month between 1 and 12),
      days smallint not null constraint moon_corrections_days check (days between -1 and 1),
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint moon_corrections_once unique (clinic_id, hijri_year, hijri_month)
    );

    alter table clinic.shifts add column timetable_id uuid;
    alter table clinic.shifts add constraint shifts_timetable foreign key (clinic_id, timetable_id)
      references clinic.timetables (clinic_id, id) on delete cascade;
    create index shifts_by_timetable on clinic.shifts (clinic_id, timetable_id) where timetable_id is not null;

    alter table clinic.closures add column shown boolean not null default false;
    alter table clinic.closures add column names jsonb;
  `)
  for (const table of ['timetables', 'moon_corrections']) {
    await knex.raw(`alter table clinic.${table} enable row level security`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`alter table clinic.${table} force row level security`) // eslint-disable-line no-restricted-syntax
    // prettier-ignore
    await knex.raw(`create policy own_clinic on clinic.${table} to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid)`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`grant select, insert, update, delete on clinic.${table} to nabz_app`) // eslint-disable-line no-restricted-syntax
  }
}
