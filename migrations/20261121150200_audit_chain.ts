import type { Knex } from 'knex'

/**
 * The chain over a clinic's audit log: for each entry its place and a hash over itself and all before it, and the heads
 * that were published. Like the entries they are only ever added to.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clinic.audit_links (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      -- 1, 2, 3 … without a gap.
      seq bigint not null,
      entry_id uuid not null,
      at timestamptz not null,
      -- Digests of what may be erased before the entry is: the chain is over them, not over what they are of.
      details_digest bytea,
      hash bytea not null,
      primary key (clinic_id, seq),
      constraint audit_links_once unique (clinic_id, entry_id),
      constraint audit_links_seq check (seq > 0)
    );
    create index audit_links_by_time on clinic.audit_links (clinic_id, at);

    -- Locked by whoever links; says where to go on. Nothing is believed because it stands here.
    create table clinic.audit_chains (
      clinic_id uuid primary key references clinic.profiles (clinic_id) on delete cascade,
      seq bigint not null,
      hash bytea not null,
      linked_until timestamptz
    );

    create table clinic.audit_heads (
      clinic_id uuid not null references clinic.profiles (clinic_id) on delete cascade,
      published_on date not null,
      published_at timestamptz not null,
      seq bigint not null,
      hash bytea not null,
      primary key (clinic_id, published_on)
    );

    -- How often the owners are sent the heads.
    alter table clinic.profiles add column audit_mail text not null default 'weekly'
      constraint profiles_audit_mail check (audit_mail in ('daily', 'weekly', 'never'));

    -- The log is written all day and looked into by time alone only here: small, and cheap to keep.
    create index audit_entries_lately on clinic.audit_entries using brin (at);
    create policy work_due on clinic.audit_entries for select to nabz_jobs using (true);
    grant select (clinic_id, at) on clinic.audit_entries to nabz_jobs;
  `)
  for (const table of ['audit_links', 'audit_chains', 'audit_heads']) {
    const rights = table === 'audit_chains' ? 'select, insert, update, delete' : 'select, insert'
    await knex.raw(`alter table clinic.${table} enable row level security`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`alter table clinic.${table} force row level security`) // eslint-disable-line no-restricted-syntax
    // prettier-ignore
    await knex.raw(`create policy own_clinic on clinic.${table} to nabz_app using (clinic_id = current_setting('app.clinic_id')::uuid)`) // eslint-disable-line no-restricted-syntax
    await knex.raw(`grant ${rights} on clinic.${table} to nabz_app`) // eslint-disable-line no-restricted-syntax
  }
  await knex.raw(`
    create policy shorten_own on clinic.audit_links to current_user
      using (clinic_id = current_setting('app.clinic_id')::uuid);

    -- As before, and the links of what is gone from the beginning on: the last of them stays, for the chain to begin with.
    create or replace function platform.delete_clinic_audit(before timestamptz, most integer) returns integer
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        touched integer;
        own uuid := current_setting('app.clinic_id')::uuid;
        cut timestamptz := least(before, clock_timestamp() - interval '12 months');
        first_kept bigint;
      begin
        delete from clinic.audit_entries e
        where e.clinic_id = own and e.id in (
          select d.id from clinic.audit_entries d where d.clinic_id = own and d.at < cut
          order by d.at limit most for update skip locked);
        get diagnostics touched = row_count;
        select l.seq into first_kept from clinic.audit_links l
        join clinic.audit_entries e on e.clinic_id = l.clinic_id and e.id = l.entry_id
        where l.clinic_id = own order by l.seq limit 1;
        delete from clinic.audit_links l
        where l.clinic_id = own and l.at < cut
          and l.seq < coalesce(first_kept, (select max(m.seq) + 1 from clinic.audit_links m where m.clinic_id = own)) - 1;
        return touched;
      end $$;
  `)
}
