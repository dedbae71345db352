import type { Knex } from 'knex'

/**
 * Services as they are: length and price per doctor, rules of a service's own, follow-ups, questions asked at booking, and
 * rooms and equipment, of which there are only so many.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table clinic.profiles add column same_day boolean not null default true;

    -- Empty: as the clinic does.
    alter table clinic.services
      add column min_notice_min integer constraint services_notice_range check (min_notice_min between 0 and 43200),
      add column horizon_days integer constraint services_horizon_range check (horizon_days between 1 and 365),
      add column same_day boolean,
      add column new_only boolean not null default false,
      add column visit_type text not null default 'examination'
        constraint services_visit_type_known check (visit_type in ('examination', 'follow_up')),
      add column follow_up_days integer constraint services_follow_up_range check (follow_up_days between 1 and 365),
      add column follow_up_price_minor bigint
        constraint services_follow_up_price_range check (follow_up_price_minor between 0 and 1000000000000),
      add constraint services_follow_up check (
        case when visit_type = 'follow_up' then follow_up_days is not null
             else follow_up_days is null and follow_up_price_minor is null end);

    -- Empty: as the service says.
    alter table clinic.practitioner_services
      add column duration_min integer
        constraint practitioner_services_duration check (duration_min between 5 and 720),
      add column price_minor bigint
        constraint practitioner_services_price check (price_minor between 0 and 1000000000000);

    -- What was answered at booking, with the questions as they were asked.
    alter table clinic.appointments add column answers_sealed bytea;

    create table clinic.service_questions (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      service_id uuid not null,
      position integer not null,
      kind text not null constraint service_questions_kind_known check (kind in ('text', 'choice', 'yes_no')),
      label text not null,
      choices jsonb not null default '[]',
      required boolean not null,
      primary key (clinic_id, id),
      constraint service_questions_service foreign key (clinic_id, service_id)
        references clinic.services (clinic_id, id) on delete cascade
    );
    create index service_questions_by_service on clinic.service_questions (clinic_id, service_id);

    create table clinic.resources (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      kind text not null constraint resources_kind_known check (kind in ('room', 'equipment')),
      name text not null,
      -- Empty: goes along to every place.
      location_id uuid,
      position integer not null default 0,
      active boolean not null default true,
      created_at timestamptz not null,
      primary key (clinic_id, id),
      constraint resources_room_somewhere check (kind <> 'room' or location_id is not null),
      constraint resources_location foreign key (clinic_id, location_id)
        references clinic.locations (clinic_id, id) on delete cascade
    );

    -- Of the resources under one need, any one will do; of every need there has to be one.
    create table clinic.service_resources (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      service_id uuid not null,
      need smallint not null constraint service_resources_need_range check (need between 1 and 9),
      resource_id uuid not null,
      primary key (clinic_id, service_id, resource_id),
      constraint service_resources_service foreign key (clinic_id, service_id)
        references clinic.services (clinic_id, id) on delete cascade,
      constraint service_resources_resource foreign key (clinic_id, resource_id)
        references clinic.resources (clinic_id, id) on delete cascade
    );

    create unique index appointments_sittings on clinic.appointments
      (clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies);

    -- What a visit takes beside its doctor. The key into appointments carries all that decides when: the database itself
    -- moves and frees the room with the visit, whoever writes.
    create table clinic.appointment_resources (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      appointment_id uuid not null,
      resource_id uuid not null,
      practitioner_id uuid not null,
      session text not null,
      occupied_from timestamptz not null,
      occupied_to timestamptz not null,
      occupies boolean not null,
      primary key (clinic_id, appointment_id, resource_id),
      constraint appointment_resources_resource foreign key (clinic_id, resource_id)
        references clinic.resources (clinic_id, id),
      constraint appointment_resources_appointment
        foreign key (clinic_id, appointment_id, practitioner_id, session, occupied_from, occupied_to, occupies)
        references clinic.appointments (clinic_id, id, practitioner_id, session, occupied_from, occupied_to, occupies)
        on update cascade on delete cascade,
      -- Shared by the people of one session with one doctor, and by nobody else: another session, or the same service at
      -- the same time with another doctor, finds it taken.
      constraint appointment_resources_one_session exclude using gist
        (clinic_id with =, resource_id with =, session with <>, tstzrange(occupied_from, occupied_to, '[)') with &&)
        where (occupies),
      constraint appointment_resources_one_doctor exclude using gist
        (clinic_id with =, resource_id with =, practitioner_id with <>, tstzrange(occupied_from, occupied_to, '[)') with &&)
        where (occupies)
    );
    create index appointment_resources_occupying on clinic.appointment_resources (clinic_id, resource_id, occupied_from)
      where occupies;
  `)
  for (const table of ['service_questions', 'resources', 'service_resources', 'appointment_resources']) {
    await knex.raw(`alter table clinic.${table} enable row level security`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`alter table clinic.${table} force row level security`) // eslint-disable-line no-restricted-syntax
    // prettier-ignore
    await knex.raw(`create policy own_clinic on clinic.${table} to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid)`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`grant select, insert, update, delete on clinic.${table} to nabz_app`) // eslint-disable-line no-restricted-syntax
  }
}
