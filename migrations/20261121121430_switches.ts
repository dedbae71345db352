import type { Knex } from 'knex'

/** Things that can be stopped, or given to some first, without putting out a new version. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.switches (
      code text primary key,
      -- 'on_for' and 'off_for' are for the plans and clinics named, and the opposite for everybody else.
      mode text not null default 'on' constraint switches_mode_known check (mode in ('on', 'off', 'on_for', 'off_for')),
      plans text[] not null default '{}',
      clinic_ids uuid[] not null default '{}',
      note text not null default '',
      changed_at timestamptz,
      changed_by uuid references platform.users (id) on delete set null
    );
    insert into platform.switches (code)
    values ('sign_up'), ('public_booking'), ('card_payments'), ('directory'), ('announcement_mails');
    grant select, insert, update on platform.switches to nabz_app;
  `)
}
