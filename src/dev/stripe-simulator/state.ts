// What Stripe's side remembers, in the shapes in which it goes over the wire.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

type Metadata = Record<string, string>
export type Customer = {
  id: string
  object: 'customer'
  name: string | null
  email: string | null
  metadata: Metadata
  invoice_settings: { default_payment_method: string | null }
  created: number
}
export type Product = { id: string; object: 'product'; name: string; active: true }
export type Price = {
  id: string
  object: 'price'
  currency: string
  unit_amount: number
  product: string
  recurring: { interval: 'month' | 'year'; interval_count: 1 } | null
}
export type Session = {
  id: string
  object: 'checkout.session'
  mode: 'payment' | 'subscription'
  status: 'open' | 'complete' | 'expired'
  payment_status: 'paid' | 'unpaid' | 'no_payment_required'
  url: string | null
  amount_total: number
  currency: string
  customer: string
  subscription: string | null
  payment_intent: string | null
  client_reference_id: string | null
  metadata: Metadata
  success_url: string
  cancel_url: string
  created: number
  expires_at: number
  livemode: false
}
/** What a session was asked for and does not say again. */
export type Wanted = { price: Price; trialEnd: number | undefined; metadata: Metadata }
export type Subscription = {
  id: string
  object: 'subscription'
  status: 'trialing' | 'active' | 'past_due' | 'canceled'
  customer: string
  cancel_at_period_end: boolean
  cancel_at: number | null
  canceled_at: number | null
  ended_at: number | null
  cancellation_details: { reason: 'cancellation_requested' | 'payment_failed' | null }
  billing_cycle_anchor: number
  trial_end: number | null
  default_payment_method: string | null
  latest_invoice: string | null
  items: {
    object: 'list'
    data: [
      {
        id: string
        object: 'subscription_item'
        quantity: 1
        price: Price
        current_period_start: number
        current_period_end: number
      },
    ]
  }
  metadata: Metadata
  created: number
  livemode: false
}
export type Invoice = {
  id: string
  object: 'invoice'
  status: 'open' | 'paid' | 'void'
  billing_reason: 'subscription_create' | 'subscription_cycle'
  customer: string
  currency: string
  total: number
  amount_due: number
  amount_paid: number
  amount_remaining: number
  attempt_count: number
  attempted: boolean
  next_payment_attempt: number | null
  parent: { type: 'subscription_details'; subscription_details: { subscription: string; metadata: Metadata } }
  payments: {
    object: 'list'
    data: {
      id: string
      object: 'invoice_payment'
      status: 'paid'
      amount_paid: number
      payment: { type: 'payment_intent'; payment_intent: string }
    }[]
  }
  created: number
  livemode: false
}
export type Intent = {
  id: string
  object: 'payment_intent'
  amount: number
  currency: string
  status: 'succeeded'
  customer: string
  latest_charge: string
  metadata: Metadata
}
export type Refund = {
  id: string
  object: 'refund'
  amount: number
  currency: string
  status: 'succeeded'
  charge: string
}
export type Charge = {
  id: string
  object: 'charge'
  amount: number
  amount_refunded: number
  refunded: boolean
  paid: true
  status: 'succeeded'
  currency: string
  customer: string
  payment_intent: string
  payment_method_details: { type: 'card'; card: { brand: string; last4: string } }
  refunds: { object: 'list'; data: Refund[] }
  created: number
}
/** `number` stays here: nothing that leaves carries more of it than the last four digits. */
export type Card = { id: string; customer: string; brand: string; number: string; behaves: CardBehaviour }
export type CardBehaviour = 'pays' | 'declined' | 'insufficient' | 'fails_later'
export type Portal = { id: string; customer: string; return_url: string }
export type Event = {
  id: string
  object: 'event'
  api_version: string
  created: number
  type: string
  data: { object: Record<string, unknown> }
  livemode: false
  pending_webhooks: number
  request: { id: null; idempotency_key: null }
}
export type KeptAnswer = { asked: string; status: number; body: string }

export type Things = {
  customers: Customer
  products: Product
  sessions: Session
  wanted: Wanted
  subscriptions: Subscription
  invoices: Invoice
  intents: Intent
  charges: Charge
  cards: Card
  portals: Portal
  answers: KeptAnswer
}
type Tables = { [Name in keyof Things]: Map<string, Things[Name]> }
type Kept = { [Name in keyof Things]: [string, Things[Name]][] }

const names = [
  'customers',
  'products',
  'sessions',
  'wanted',
  'subscriptions',
  'invoices',
  'intents',
  'charges',
  'cards',
  'portals',
  'answers',
] as const

export const newStripeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`

export class StripeState {
  readonly tables: Tables
  private readonly file: string | undefined

  constructor(file?: string) {
    this.file = file
    const kept = file === undefined ? undefined : read(file)
    const table = <Name extends keyof Things>(name: Name) => new Map<string, Things[Name]>(kept?.[name] ?? [])
    this.tables = {
      customers: table('customers'),
      products: table('products'),
      sessions: table('sessions'),
      wanted: table('wanted'),
      subscriptions: table('subscriptions'),
      invoices: table('invoices'),
      intents: table('intents'),
      charges: table('charges'),
      cards: table('cards'),
      portals: table('portals'),
      answers: table('answers'),
    }
  }

  find<Name extends keyof Things>(name: Name, id: string | null): Things[Name] | undefined {
    return id === null ? undefined : this.tables[name].get(id)
  }

  get<Name extends keyof Things>(name: Name, id: string | null): Things[Name] {
    const found = this.find(name, id)
    if (!found) throw new Error(`no ${name} ${id}`)
    return found
  }

  keep<
    Name extends
      | 'customers'
      | 'products'
      | 'sessions'
      | 'subscriptions'
      | 'invoices'
      | 'intents'
      | 'charges'
      | 'cards'
      | 'portals',
  >(name: Name, thing: Things[Name]): Things[Name] {
    this.tables[name].set(thing.id, thing as never)
    return thing
  }

  reset(): void {
    for (const name of names) this.tables[name].clear()
    this.save()
  }

  save(): void {
    if (this.file === undefined) return
    const kept = Object.fromEntries(names.map((name) => [name, [...this.tables[name]]]))
    mkdirSync(dirname(this.file), { recursive: true })
    // Written aside and renamed: a kill in between leaves the old file whole.
    writeFileSync(`${this.file}.new`, JSON.stringify(kept))
    renameSync(`${this.file}.new`, this.file)
  }
}

function read(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept
  } catch {
    return undefined
  }
}
