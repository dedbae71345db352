import type { Knex } from 'knex'

/** Two roles more: who takes patients to the doctor, and who keeps the books. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.memberships drop constraint memberships_role_known;
    alter table platform.memberships add constraint memberships_role_known
      check (role in ('owner', 'doctor', 'receptionist', 'assistant', 'accountant'));
    alter table platform.invitations drop constraint invitations_role_known;
    alter table platform.invitations add constraint invitations_role_known
      check (role in ('owner', 'doctor', 'receptionist', 'assistant', 'accountant'));
  `)
}
