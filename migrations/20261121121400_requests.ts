import type { Knex } from 'knex'

/**
 * What people ask of the service: the contact form, and requests about their data with the 30 days the law gives for an
 * answer. Who asks and what they wrote is sealed; the rest is codes and times.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.requests (
      id uuid primary key,
      topic text not null,
      language text not null,
      name_sealed bytea not null,
      email_sealed bytea not null,
      message_sealed bytea not null,
      clinic_id uuid references platform.clinics (id) on delete set null,
      status text not null default 'open'
        constraint requests_status_known check (status in ('open', 'routed', 'closed')),
      assigned_to uuid references platform.users (id) on delete set null,
      received_at timestamptz not null,
      -- Only requests about somebody's data have a clock.
      due_at timestamptz,
      answered_at timestamptz,
      routed_at timestamptz,
      -- When the platform reminded everybody that ten days are left.
      escalated_at timestamptz,
      closed_at timestamptz,
      close_reason text,
      constraint requests_closed check ((status = 'closed') = (closed_at is not null))
    );
    create index requests_newest on platform.requests (received_at, id);
    create index requests_by_status on platform.requests (status, received_at, id);
    create index requests_by_topic on platform.requests (topic, received_at, id);
    create index requests_by_assignee on platform.requests (assigned_to, received_at, id);
    create index requests_by_clinic on platform.requests (clinic_id, received_at, id);
    create index requests_running on platform.requests (due_at) where closed_at is null and due_at is not null;

    -- What was done about it, oldest first: notes, answers, decisions. Added, never changed.
    create table platform.request_steps (
      id uuid primary key,
      request_id uuid not null references platform.requests (id) on delete cascade,
      at timestamptz not null,
      kind text not null constraint request_steps_kind_known
        check (kind in ('note', 'answer', 'routed', 'assigned', 'closed', 'reopened', 'escalated')),
      author_id uuid references platform.users (id) on delete set null,
      body_sealed bytea,
      detail text
    );
    create index request_steps_by_request on platform.request_steps (request_id, at, id);

    grant select, insert, update, delete on platform.requests to nabz_app;
    grant select, insert on platform.request_steps to nabz_app;
  `)
}
