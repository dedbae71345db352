import type { Knex } from 'knex'

/**
 * Consents become a history that only grows: each row says that something was agreed to or taken back, how and where,
 * and with which edition of which wording. What holds is the newest row of a patient and a purpose.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The owner is held to the walls as well; for the move of the rows they stand open.
    alter table clinic.consents no force row level security;

    alter table clinic.consents rename column given_at to decided_at;
    alter table clinic.consents
      add column decision text not null default 'permit'
        constraint consents_decision_known check (decision in ('permit', 'deny')),
      add column wording_version integer,
      add column channel text not null default 'web'
        constraint consents_channel_known check (channel in ('web', 'whatsapp', 'phone', 'in_person', 'paper', 'email')),
      add column source text not null default 'public_page' constraint consents_source_known check
        (source in ('public_page', 'patient_page', 'desk', 'whatsapp_reply', 'rights_request')),
      alter column wording drop not null,
      alter column language drop not null,
      drop constraint consents_purpose_known,
      add constraint consents_purpose_known check (purpose in ('appointment_messages', 'feedback'));

    update clinic.consents set wording_version = 1,
      wording = case when wording like 'desk.%' then 'desk' else 'booking' end,
      channel = case when wording like 'desk.%' then 'phone' else 'web' end,
      source = case when wording like 'desk.%' then 'desk' else 'public_page' end;
    -- How it was taken back was not kept. Whoever took something back then had spoken to the desk.
    insert into clinic.consents
        (clinic_id, id, patient_id, purpose, decision, wording, wording_version, language, channel, source, decided_at)
      select clinic_id, gen_random_uuid(), patient_id, purpose, 'deny', null, null, null, 'phone', 'desk', withdrawn_at
      from clinic.consents where withdrawn_at is not null;

    alter table clinic.consents
      drop column withdrawn_at,
      alter column decision drop default,
      alter column channel drop default,
      alter column source drop default,
      add constraint consents_wording_known check
        (decision = 'deny' or (wording is not null and wording_version is not null and language is not null));
    drop index clinic.consents_by_patient;
    create index consents_newest on clinic.consents (clinic_id, patient_id, purpose, decided_at, id);

    alter table clinic.consents force row level security;
    revoke update on clinic.consents from nabz_app;
  `)
}
