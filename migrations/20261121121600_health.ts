import type { Knex } from 'knex'

/** What the service knows of its own health: how its checks went, hour by hour, and which alarms are on. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One row a check and hour, so that 30 days are a few thousand rows. A minute is counted once, whoever looked.
    create table platform.status_checks (
      check_name text not null,
      hour timestamptz not null,
      ok integer not null default 0,
      degraded integer not null default 0,
      down integer not null default 0,
      -- As it was the last time in that hour.
      state text not null constraint status_checks_state check (state in ('ok', 'degraded', 'down')),
      code text not null default '',
      value bigint,
      checked_at timestamptz not null,
      primary key (check_name, hour)
    );
    create index status_checks_by_hour on platform.status_checks (hour);

    -- An alarm is told when it begins, once a day while it lasts, and when it is over; processes agree by these rows.
    create table platform.alarms (
      name text primary key,
      since timestamptz not null,
      code text not null,
      value bigint,
      told_at timestamptz,
      -- Since when it looks as if it were over: told after some minutes, so that what comes and goes is one alarm.
      calm_since timestamptz,
      over_at timestamptz
    );

    grant select, insert, update, delete on platform.status_checks, platform.alarms to nabz_app;
    -- How often a message was tried tells a provider that takes nothing from a queue that is merely long.
    grant select (attempts) on clinic.messages to nabz_jobs;
  `)
}
