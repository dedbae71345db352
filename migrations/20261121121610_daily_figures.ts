import type { Knex } from 'knex'

/**
 * What the service as a whole did on a day, added up from anonymous counts and from the books. No clinic is named, so
 * the figures outlive every clinic they were made of.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table platform.daily_figures (
      day date not null,
      metric text not null,
      -- 'ZZ': countries too small to be shown by themselves. '' where a figure has no plan or currency.
      country text not null,
      plan text not null,
      currency text not null,
      value bigint not null,
      primary key (day, metric, country, plan, currency)
    );
    create index daily_figures_by_metric on platform.daily_figures (metric, day);

    -- The days that were added up: each once, and never again, so that what is removed later changes nothing.
    create table platform.figure_days (
      day date primary key,
      rolled_at timestamptz not null
    );

    grant select, insert on platform.daily_figures, platform.figure_days to nabz_app;
  `)
}
