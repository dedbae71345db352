import type { Knex } from 'knex'

/** Clinics that want to be found: in the directory, the sitemap and by search engines. Nobody is, until they say so. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table platform.clinics add column listed boolean not null default false;
    create index clinics_listed on platform.clinics (country, lower(city), name, slug) where listed;
    create index clinics_listed_by_name on platform.clinics (name, slug) where listed;
    create index clinics_listed_by_slug on platform.clinics (slug) where listed;
  `)
}
