import type { Knex } from 'knex'

/** Payment by card: how far each checkout came, what Stripe has still to be told, and what only a person can settle. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One row a visit to the payment page, made before Stripe is asked: the attempt is part of the idempotency key, so
    -- that a process that dies in between finds the same session again. No foreign key to orders: it may be asked about
    -- an order that is gone.
    create table platform.card_checkouts (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      order_id uuid not null,
      attempt integer not null,
      session text constraint card_checkouts_session unique,
      url text,
      state text not null default 'begun' constraint card_checkouts_state check (state in ('begun', 'open', 'complete', 'expired')),
      language text not null,
      created_at timestamptz not null,
      constraint card_checkouts_attempt unique (order_id, attempt)
    );
    create index card_checkouts_by_clinic on platform.card_checkouts (clinic_id, created_at);

    -- A clinic's subscription at Stripe as both sides last agreed on it. What differs from this was changed since, and
    -- by whom is plain.
    create table platform.card_links (
      clinic_id uuid primary key references platform.clinics (id) on delete cascade,
      subscription text not null constraint card_links_subscription unique,
      cancelling boolean not null,
      -- What Stripe is being told about it; until that is known to have arrived, nobody else is believed.
      telling boolean,
      status text not null,
      -- The invoice (and which attempt) whose failure the owner was told of.
      failed text,
      seen_at timestamptz not null
    );

    -- What Stripe has still to be told. It outlives a clinic: a card must not be charged for one that is gone.
    create table platform.card_commands (
      id uuid primary key,
      key text not null constraint card_commands_key unique,
      kind text not null constraint card_commands_kind check (kind in ('follow', 'cancel', 'expire')),
      clinic_id uuid not null,
      -- The id at Stripe.
      target text not null,
      -- Grows with every asking, so that what is asked for while it is carried out is not lost.
      version integer not null default 1,
      -- null: carried out.
      due_at timestamptz,
      lease_until timestamptz,
      attempts integer not null default 0,
      failure text
    );
    create index card_commands_due on platform.card_commands (due_at) where due_at is not null;
    create index card_commands_by_clinic on platform.card_commands (clinic_id);

    -- Money that fits no order, disputes: recorded, never guessed at. A person of the platform decides.
    create table platform.card_incidents (
      id uuid primary key,
      key text not null constraint card_incidents_key unique,
      kind text not null,
      clinic_id uuid,
      details jsonb not null,
      at timestamptz not null,
      settled_at timestamptz,
      settled_by uuid
    );
    create index card_incidents_open on platform.card_incidents (at) where settled_at is null;
    create index card_incidents_by_clinic on platform.card_incidents (clinic_id, at);

    grant select, insert, update, delete on
      platform.card_checkouts, platform.card_links, platform.card_commands
    to nabz_app;
    grant select, insert, update on platform.card_incidents to nabz_app;
  `)
}
