import type { Knex } from 'knex'

/** What is needed to see whether retention keeps up: when each rule was last gone through, and which were not where. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.retention_rules (
      rule text primary key,
      ran_at timestamptz not null
    );
    grant select, insert, update on platform.retention_rules to nabz_app;

    -- The rules that failed at a clinic since it was last gone through whole.
    alter table platform.retention_turns add column behind text[] not null default '{}';

    alter table platform.legal_holds add column lifted_by uuid;
    create index legal_holds_newest on platform.legal_holds (set_at, id);

    -- What the rules look for, so that looking every minute costs nothing.
    create index audit_entries_with_origin on platform.audit_entries (at)
      where address is not null or browser is not null;
    create index slips_by_creation on platform.slips (created_at);
    create index payments_with_slip on platform.payments (decided_at) where slip_id is not null;
    create index requests_by_closing on platform.requests (closed_at) where closed_at is not null;
    create index erasures_by_rule on platform.erasures (rule, at);
  `)
}
