import type { Knex } from 'knex'

/**
 * What patients ask of a clinic by right: each request with its clock, how identity was proven, what was decided and
 * answered. Patients whose data is restricted; and what was erased about one of them, until it is noted outside the
 * database, where a restored backup can't undo it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.rights_requests (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      id uuid not null,
      kind text not null constraint rights_kind_known check
        (kind in ('access', 'correction', 'erasure', 'restriction', 'objection', 'withdrawal', 'portability')),
      state text not null default 'received' constraint rights_state_known check
        (state in ('received', 'identity_proven', 'decided', 'withdrawn')),
      source text not null constraint rights_source_known check (source in ('desk', 'patient_page', 'platform')),
      language text not null,
      -- No reference: the request outlives the patient it erased.
      patient_id uuid,
      -- Name, number and address of who asks; gone with the patient.
      subject_sealed bytea,
      phone_index bytea,
      -- What was asked, in their words and in particular.
      wishes_sealed bytea,
      platform_request_id uuid,
      received_at timestamptz not null,
      due_at timestamptz not null,
      -- When the owners were told that it came in, and on its twentieth and twenty-seventh day that it is open still.
      told_at timestamptz,
      escalated_at timestamptz,
      escalated_again_at timestamptz,
      code_hash text,
      code_sent_at timestamptz,
      code_expires_at timestamptz,
      code_tries integer not null default 0,
      codes_sent integer not null default 0,
      identity text constraint rights_identity_known check (identity in ('code', 'in_person', 'patient_page')),
      identity_at timestamptz,
      identity_by uuid,
      identity_note_sealed bytea,
      outcome text constraint rights_outcome_known check (outcome in ('done', 'partly', 'refused')),
      handled_by uuid,
      -- What was done, what was kept and why, in codes and the owner's words; the answer's text is made of it.
      answer_sealed bytea,
      answer_hash bytea,
      answered_at timestamptz,
      closed_at timestamptz,
      primary key (clinic_id, id),
      constraint rights_requests_from_platform unique (clinic_id, platform_request_id),
      constraint rights_closed check ((state in ('decided', 'withdrawn')) = (closed_at is not null)),
      constraint rights_decided check ((state = 'decided') = (outcome is not null)),
      constraint rights_proven check (state <> 'identity_proven' or identity is not null)
    );
    create unique index rights_requests_one_open on clinic.rights_requests (clinic_id, patient_id, kind)
      where closed_at is null and patient_id is not null;
    create index rights_requests_open on clinic.rights_requests (clinic_id, due_at) where closed_at is null;
    create index rights_requests_newest on clinic.rights_requests (clinic_id, received_at, id);
    create index rights_requests_by_patient on clinic.rights_requests (clinic_id, patient_id);
    create index rights_requests_closed on clinic.rights_requests (clinic_id, closed_at) where closed_at is not null;
    create index rights_requests_by_answer on clinic.rights_requests (clinic_id, answer_hash) where answer_hash is not null;
    create index rights_requests_to_tell on clinic.rights_requests (due_at) where closed_at is null;

    alter table clinic.rights_requests enable row level security;
    alter table clinic.rights_requests force row level security;
    create policy own_clinic on clinic.rights_requests to nabz_app
      using (clinic_id = current_setting('app.clinic_id')::uuid);
    grant select, insert, update, delete on clinic.rights_requests to nabz_app;

    create policy work_due on clinic.rights_requests for select to nabz_jobs using (true);
    grant select (clinic_id, due_at, told_at, escalated_at, escalated_again_at, closed_at)
      on clinic.rights_requests to nabz_jobs;

    alter table clinic.patients add column restricted_at timestamptz;
    create index patients_restricted on clinic.patients (clinic_id, restricted_at) where restricted_at is not null;

    -- Set once the request is one of the clinic's own.
    alter table platform.requests add column taken_in_at timestamptz;
    create index requests_to_take_in on platform.requests (routed_at) where status = 'routed' and taken_in_at is null;

    -- A keyed hash of clinic and patient, which leads nowhere back.
    create table platform.erasure_notes (
      subject bytea primary key,
      parts text[] not null,
      at timestamptz not null
    );
    grant select, insert, update, delete on platform.erasure_notes to nabz_app;
  `)
}
