import type { Knex } from 'knex'

/** What the dispatcher remembers of a sender between messages. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A sender (subject '') or one of its templates ('nabz_reminder/ur') that WhatsApp takes nothing from for the time
    -- being: its messages wait, no attempt is spent on them.
    create table platform.sending_pauses (
      sender text not null,
      subject text not null,
      code text not null,
      since timestamptz not null,
      until timestamptz not null,
      primary key (sender, subject)
    );

    -- Other names WhatsApp has for a number we write to: its own spelling of it, or the id of a person who hides the
    -- number. Without them a STOP from such a person could not be told apart from a stranger's.
    create table platform.number_aliases (
      alias_hash bytea primary key,
      number_hash bytea not null,
      seen_at timestamptz not null
    );

    grant select, insert, update, delete on platform.sending_pauses, platform.number_aliases to nabz_app;
  `)
}
