import type { Knex } from 'knex'

/**
 * What clinics may use and until when, and the money they pay for it. All of it belongs to the service: nothing here
 * points at schema `clinic`. Money is bigint minor units beside its ISO 4217 code; tax rates are basis points.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Where something is sold: the currency, who issues the invoice, the tax on it. 'ZZ' is everywhere else.
    create table platform.issuers (
      id uuid primary key,
      code text not null constraint issuers_code_unique unique,
      name text not null,
      address text not null default '',
      tax_number text not null default '',
      -- How to pay by hand, as printed on invoices: {"en": "…", "ar": "…", "ur": "…"}.
      payment_note jsonb not null default '{}',
      created_at timestamptz not null
    );
    create table platform.markets (
      country char(2) primary key,
      currency char(3) not null,
      issuer_id uuid not null references platform.issuers (id),
      tax_name text not null default '',
      tax_rate_bp integer not null default 0 constraint markets_tax_rate check (tax_rate_bp between 0 and 5000)
    );

    create table platform.plans (
      id uuid primary key,
      code text not null constraint plans_code_unique unique,
      -- {"en": "…", "ar": "…", "ur": "…"}, all three.
      names jsonb not null,
      taglines jsonb not null default '{}',
      position integer not null,
      offered boolean not null default true,
      -- null: as many as one likes.
      practitioner_limit integer,
      location_limit integer,
      booking_limit integer,
      message_limit integer,
      features text[] not null default '{}',
      version integer not null default 1,
      updated_at timestamptz not null
    );
    create table platform.plan_prices (
      plan_id uuid not null references platform.plans (id) on delete cascade,
      country char(2) not null references platform.markets (country),
      billing_interval text not null constraint plan_prices_interval check (billing_interval in ('month', 'year')),
      net_minor bigint not null constraint plan_prices_amount check (net_minor between 0 and 1000000000000),
      primary key (plan_id, country, billing_interval)
    );

    create table platform.subscriptions (
      clinic_id uuid primary key references platform.clinics (id) on delete cascade,
      plan_id uuid not null references platform.plans (id),
      status text not null constraint subscriptions_status_known
        check (status in ('trialing', 'active', 'past_due', 'expired', 'purge_scheduled')),
      status_since timestamptz not null,
      -- What the present period cost, and the next one will: a change of the price list does not reach into it.
      billing_interval text not null constraint subscriptions_interval check (billing_interval in ('month', 'year')),
      currency char(3) not null,
      net_minor bigint not null,
      period_start timestamptz not null,
      -- null: for ever, on a plan that costs nothing.
      period_end timestamptz,
      -- The day of the month that periods end on where the month has it.
      billing_day smallint not null constraint subscriptions_billing_day check (billing_day between 1 and 31),
      cancelled_at timestamptz,
      cancel_reason text,
      next_plan_id uuid references platform.plans (id),
      next_interval text constraint subscriptions_next_interval check (next_interval in ('month', 'year')),
      suspended_at timestamptz,
      suspension_reason text,
      -- When the clock has something to do: a transition, a notice. Kept by whoever changes the row.
      next_step_at timestamptz,
      collection text not null default 'manual' constraint subscriptions_collection check (collection in ('manual', 'card')),
      stripe_customer text constraint subscriptions_stripe_customer unique,
      stripe_subscription text constraint subscriptions_stripe_subscription unique,
      card_label text,
      created_at timestamptz not null
    );
    create index subscriptions_due on platform.subscriptions (next_step_at) where next_step_at is not null;
    create index subscriptions_by_plan on platform.subscriptions (plan_id);
    create index subscriptions_by_status on platform.subscriptions (status, clinic_id);

    create table platform.subscription_events (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      at timestamptz not null,
      kind text not null,
      from_status text,
      to_status text,
      from_plan text,
      to_plan text,
      -- Recurring revenue a month before and after, in the subscription's currency.
      mrr_before_minor bigint not null default 0,
      mrr_after_minor bigint not null default 0,
      currency char(3) not null,
      country char(2) not null,
      actor_kind text not null,
      actor_id uuid,
      reason text
    );
    create index subscription_events_by_clinic on platform.subscription_events (clinic_id, at);
    create index subscription_events_by_time on platform.subscription_events (at);

    -- Each notice once for the period or expiry it is about; a row is written whether it was sent or came too late.
    create table platform.subscription_notices (
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      anchor timestamptz not null,
      kind text not null,
      at timestamptz not null,
      sent boolean not null,
      primary key (clinic_id, anchor, kind)
    );
    create table platform.usage_notices (
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      month date not null,
      metric text not null,
      level integer not null constraint usage_notices_level check (level in (80, 100)),
      at timestamptz not null,
      primary key (clinic_id, month, metric, level)
    );

    -- What is to be paid to start, renew or upgrade. At most one open a clinic; paying one makes the invoice.
    create table platform.orders (
      id uuid primary key,
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      kind text not null constraint orders_kind_known check (kind in ('start', 'renew', 'upgrade')),
      plan_id uuid not null references platform.plans (id),
      billing_interval text not null constraint orders_interval check (billing_interval in ('month', 'year')),
      currency char(3) not null,
      -- The plan's own price a period, and what is due now (pro rata on an upgrade).
      plan_net_minor bigint not null,
      net_minor bigint not null,
      tax_minor bigint not null,
      total_minor bigint not null,
      tax_name text not null,
      tax_rate_bp integer not null,
      status text not null default 'open' constraint orders_status_known check (status in ('open', 'paid', 'void')),
      created_at timestamptz not null,
      expires_at timestamptz,
      closed_at timestamptz,
      stripe_session text constraint orders_stripe_session unique,
      constraint orders_total check (total_minor = net_minor + tax_minor)
    );
    create unique index orders_one_open on platform.orders (clinic_id) where status = 'open';
    create index orders_by_clinic on platform.orders (clinic_id, created_at);

    create table platform.slips (
      id uuid primary key,
      media_type text not null,
      bytes integer not null,
      image_sealed bytea not null,
      created_at timestamptz not null
    );
    -- The books below outlive a clinic, as the law wants: clinic_id is a plain number there.
    create table platform.payments (
      id uuid primary key,
      clinic_id uuid not null,
      status text not null constraint payments_status_known check (status in ('declared', 'confirmed', 'rejected')),
      provider text not null constraint payments_provider_known check (provider in ('manual', 'stripe')),
      -- The provider's own id: what was told twice is entered once.
      provider_ref text,
      method text not null,
      amount_minor bigint not null constraint payments_amount check (amount_minor > 0),
      currency char(3) not null,
      reference text not null default '',
      paid_on date not null,
      slip_id uuid references platform.slips (id),
      declared_by uuid,
      decided_by uuid,
      decided_at timestamptz,
      rejection text,
      created_at timestamptz not null,
      constraint payments_provider_ref unique (provider, provider_ref)
    );
    create index payments_by_clinic on platform.payments (clinic_id, created_at);
    create index payments_to_confirm on platform.payments (created_at) where status = 'declared';

    create table platform.document_numbers (
      issuer_id uuid not null references platform.issuers (id),
      kind text not null,
      last bigint not null,
      primary key (issuer_id, kind)
    );
    create table platform.documents (
      id uuid primary key,
      issuer_id uuid not null references platform.issuers (id),
      kind text not null constraint documents_kind_known check (kind in ('invoice', 'receipt', 'credit_note')),
      sequence bigint not null,
      number text not null,
      clinic_id uuid not null,
      issued_at timestamptz not null,
      language text not null,
      currency char(3) not null,
      net_minor bigint not null,
      tax_minor bigint not null,
      total_minor bigint not null,
      -- Seller, buyer, lines, tax, as they were: {"seller": {…}, "buyer": {…}, "lines": [{…}], "tax": {…}}.
      facts jsonb not null,
      payment_id uuid references platform.payments (id),
      -- The invoice a credit note takes back.
      corrects uuid references platform.documents (id),
      constraint documents_number unique (issuer_id, kind, sequence)
    );
    create index documents_by_clinic on platform.documents (clinic_id, issued_at);

    -- What a clinic owes: charges and refunds raise it, payments and credit notes lower it. Below zero it has credit.
    create table platform.ledger_entries (
      id uuid primary key,
      issuer_id uuid not null references platform.issuers (id),
      clinic_id uuid not null,
      at timestamptz not null,
      kind text not null constraint ledger_kind_known
        check (kind in ('charge', 'payment', 'refund', 'credit', 'correction')),
      amount_minor bigint not null,
      tax_minor bigint not null default 0,
      currency char(3) not null,
      document_id uuid references platform.documents (id),
      payment_id uuid references platform.payments (id),
      corrects uuid references platform.ledger_entries (id),
      reason text not null default '',
      actor_kind text not null,
      actor_id uuid,
      constraint ledger_signs check (
        (kind in ('charge', 'refund') and amount_minor >= 0) or (kind in ('payment', 'credit') and amount_minor <= 0)
        or kind = 'correction')
    );
    create index ledger_by_clinic on platform.ledger_entries (clinic_id, at);
    create index ledger_by_time on platform.ledger_entries (at);

    -- How often something happened at a clinic on one of its days; never who or what.
    create table platform.daily_counts (
      clinic_id uuid not null references platform.clinics (id) on delete cascade,
      day date not null,
      metric text not null,
      count bigint not null,
      primary key (clinic_id, day, metric)
    );
    create index daily_counts_by_day on platform.daily_counts (day);

    -- A clinic's plan as its doors need it: copied here by whoever changes plan or subscription.
    alter table platform.clinics
      add column plan text not null default 'clinic',
      add column practitioner_limit integer,
      add column location_limit integer,
      add column booking_limit integer,
      add column message_limit integer,
      add column features text[] not null default '{}';

    -- Used this month (the clinic's own calendar month), beside the versions that every booking writes anyway.
    alter table platform.diaries
      add column usage_month date,
      add column bookings_used integer not null default 0,
      add column messages_used integer not null default 0;

    grant select, insert, update, delete on
      platform.issuers, platform.markets, platform.plans, platform.plan_prices, platform.subscriptions,
      platform.orders, platform.slips, platform.document_numbers, platform.daily_counts
    to nabz_app;
    grant select, insert, update on platform.payments to nabz_app;
    grant select, insert on
      platform.subscription_events, platform.subscription_notices, platform.usage_notices, platform.documents,
      platform.ledger_entries
    to nabz_app;
  `)
  await seed(knex)
}

type Prices = [solo: number, clinic: number, group: number]

/** A start for whoever operates Nabz, who edits all of it in the console. Amounts are whole units a month; a year is ten. */
const markets: [country: string, currency: string, digits: number, prices: Prices, tax: string, rateBp: number][] = [
  ['PK', 'PKR', 2, [2500, 6000, 18000], 'Sales tax', 1600],
  ['IN', 'INR', 2, [999, 2499, 6999], 'GST', 1800],
  ['EG', 'EGP', 2, [499, 1199, 3499], 'VAT', 1400],
  ['AE', 'AED', 2, [149, 349, 999], 'VAT', 500],
  ['SA', 'SAR', 2, [149, 349, 999], 'VAT', 1500],
  ['QA', 'QAR', 2, [149, 349, 999], '', 0],
  ['KW', 'KWD', 3, [12, 28, 80], '', 0],
  ['BH', 'BHD', 3, [15, 35, 100], 'VAT', 1000],
  ['OM', 'OMR', 3, [15, 35, 100], 'VAT', 500],
  ['JO', 'JOD', 3, [25, 55, 160], 'GST', 1600],
  ['GB', 'GBP', 2, [25, 59, 169], 'VAT', 2000],
  ['US', 'USD', 2, [29, 69, 199], '', 0],
  ['ZZ', 'USD', 2, [29, 69, 199], '', 0],
]

async function seed(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into platform.issuers (id, code, name, created_at) values (gen_random_uuid(), 'NBZ', 'Nabz', now());
    insert into platform.plans (id, code, names, taglines, position, practitioner_limit, location_limit, booking_limit,
      message_limit, features, updated_at)
    values
      (gen_random_uuid(), 'free', '{"en": "Free", "ar": "مجاني", "ur": "مفت"}',
       '{"en": "To begin with", "ar": "للبداية", "ur": "آغاز کے لیے"}', 1, 1, 1, 60, 150, '{}', now()),
      (gen_random_uuid(), 'solo', '{"en": "Solo", "ar": "فردي", "ur": "سولو"}',
       '{"en": "One doctor, one place", "ar": "طبيب واحد ومكان واحد", "ur": "ایک ڈاکٹر، ایک جگہ"}',
       2, 1, 1, 600, 2500, '{directory}', now()),
      (gen_random_uuid(), 'clinic', '{"en": "Clinic", "ar": "عيادة", "ur": "کلینک"}',
       '{"en": "A practice with a front desk", "ar": "عيادة فيها استقبال", "ur": "استقبالیہ والا کلینک"}',
       3, 6, 3, 3000, 12000, '{directory}', now()),
      (gen_random_uuid(), 'group', '{"en": "Group", "ar": "مجموعة", "ur": "گروپ"}',
       '{"en": "Several places, many doctors", "ar": "عدة فروع وأطباء كثيرون", "ur": "کئی شاخیں، بہت سے ڈاکٹر"}',
       4, 30, 15, 20000, 80000, '{directory,priority_help}', now());
  `)
  for (const [country, currency, digits, prices, tax, rate] of markets) {
    await knex.raw(
      `insert into platform.markets (country, currency, issuer_id, tax_name, tax_rate_bp)
       select ?, ?, id, ?, ? from platform.issuers where code = 'NBZ'`,
      [country, currency, tax, rate],
    )
    const unit = 10 ** digits
    for (const [at, plan] of ['free', 'solo', 'clinic', 'group'].entries()) {
      const month = (at === 0 ? 0 : (prices[at - 1] ?? 0)) * unit
      await knex.raw(
        `insert into platform.plan_prices (plan_id, country, billing_interval, net_minor)
         select id, ?, i.name, i.amount::bigint from platform.plans, (values ('month', ?), ('year', ?)) as i (name, amount)
         where code = ?`,
        [country, String(month), String(month * 10), plan],
      )
    }
  }
  // Clinics that were here before plans were begin a trial now, as a new one does.
  await knex.raw(`
    insert into platform.subscriptions (clinic_id, plan_id, status, status_since, billing_interval, currency, net_minor,
      period_start, period_end, billing_day, next_step_at, created_at)
    select c.id, p.id, 'trialing', now(), 'month', m.currency, pr.net_minor, now(), now() + interval '30 days',
      extract(day from now() + interval '30 days')::smallint, now(), now()
    from platform.clinics c
    join platform.plans p on p.code = 'clinic'
    join platform.markets m on m.country = coalesce(
      (select country from platform.markets where country = c.country), 'ZZ')
    join platform.plan_prices pr on pr.plan_id = p.id and pr.country = m.country and pr.billing_interval = 'month';
    update platform.clinics c set practitioner_limit = p.practitioner_limit, location_limit = p.location_limit,
      booking_limit = p.booking_limit, message_limit = p.message_limit, features = p.features
    from platform.plans p where p.code = 'clinic';
  `)
}
