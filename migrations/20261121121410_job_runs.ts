import type { Knex } from 'knex'

/** How the clock's jobs go, in which process, and what somebody asked to be run now. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.jobs (
      name text primary key,
      schedule text not null,
      last_started_at timestamptz,
      last_ended_at timestamptz,
      last_ms integer,
      last_result text constraint jobs_result_known check (last_result in ('done', 'failed', 'killed')),
      last_error_name text,
      last_error_code text,
      last_success_at timestamptz,
      runs bigint not null default 0,
      failures bigint not null default 0,
      -- Since the last run that went well.
      failures_in_a_row integer not null default 0,
      -- Set while somebody's wish to run it now waits for a process to take it.
      requested_at timestamptz,
      requested_by uuid
    );

    -- Runs worth keeping: all of a job that runs once a minute or more seldom; of the others those that failed, were
    -- slow or were asked for, and one an hour. Error messages quote rows, so only name and code are kept.
    create table platform.job_runs (
      id uuid primary key,
      job text not null,
      process uuid not null,
      requested boolean not null default false,
      started_at timestamptz not null,
      ended_at timestamptz,
      duration_ms integer,
      -- null while it runs.
      result text constraint job_runs_result_known check (result in ('done', 'failed', 'killed')),
      error_name text,
      error_code text,
      constraint job_runs_ended check ((result is null) = (ended_at is null))
    );
    create index job_runs_by_job on platform.job_runs (job, started_at, id);
    create index job_runs_by_start on platform.job_runs (started_at);
    create index job_runs_under_way on platform.job_runs (process) where result is null;

    -- A process says every few seconds that it is there: runs of one that fell silent were killed.
    create table platform.job_processes (
      id uuid primary key,
      host text not null,
      pid integer not null,
      started_at timestamptz not null,
      seen_at timestamptz not null
    );

    grant select, insert, update, delete on platform.jobs, platform.job_runs, platform.job_processes to nabz_app;
  `)
}
