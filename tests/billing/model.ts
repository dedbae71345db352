// What should become of subscriptions and their money, said a second time, as plainly as can be and without one line of
// the product: slow, in memory, one clinic at a time. `year.test.ts` lets both live through the same year.
import { Temporal } from '../../src/kernel/time.ts'

export type Interval = 'month' | 'year'
export type Prices = Record<string, Record<Interval, number>>
type Status = 'trialing' | 'active' | 'past_due' | 'expired' | 'purge_scheduled'
type Due = {
  kind: 'start' | 'renew' | 'upgrade'
  plan: string
  interval: Interval
  planNet: number
  net: number
  tax: number
  total: number
  expires: number | undefined
}

type Notice = { kind: string; at: number; key: string }

const hour = 3_600_000
const day = 24 * hour

/** `a × b / c`, halves up; never with anything below zero in here. */
const portion = (a: number, b: number, c: number): number =>
  Number((2n * BigInt(a) * BigInt(b) + BigInt(c)) / (2n * BigInt(c)))

const zoned = (ms: number, zone: string) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
const midnight = (date: Temporal.PlainDate, zone: string) => date.toZonedDateTime(zone).epochMilliseconds

/** The midnight that begins the billing day of the next month or year, or of its last day. */
function nextEnd(start: number, interval: Interval, billingDay: number, zone: string): number {
  const { year, month } = zoned(start, zone)
  const [y, m] = interval === 'year' ? [year + 1, month] : month === 12 ? [year + 1, 1] : [year, month + 1]
  for (let d = billingDay; ; d--) {
    try {
      return midnight(Temporal.PlainDate.from({ year: y, month: m, day: d }, { overflow: 'reject' }), zone)
    } catch {
      // Not every month has 31 days.
    }
  }
}

export class ModelClinic {
  status: Status = 'trialing'
  since: number
  plan = 'clinic'
  interval: Interval = 'month'
  net: number
  start: number
  end: number | undefined
  billingDay: number
  cancelled = false
  next: { plan: string; interval: Interval } | undefined
  suspended = false
  card = false
  /** Whether the present run of paying began with money. */
  paying = false
  order: Due | undefined
  readonly ledger: { at: number; kind: string; amount: number }[] = []
  readonly mails: { at: number; kind: string; to: string }[] = []
  readonly invoices: { total: number; tax: number; credited: number }[] = []
  readonly papers = { invoice: 0, receipt: 0, credit_note: 0 }
  readonly turns: { at: number; to: Status }[] = []
  private readonly dealtWith = new Set<string>()
  readonly zone: string
  readonly taxBp: number
  readonly prices: Prices
  readonly owners: string[]

  constructor(zone: string, taxBp: number, prices: Prices, owners: string[], now: number) {
    this.zone = zone
    this.taxBp = taxBp
    this.prices = prices
    this.owners = owners
    this.since = now
    this.start = now
    this.net = this.price('clinic', 'month')
    // To the midnight after the last full one of thirty days.
    this.end = midnight(
      zoned(now + 30 * day, zone)
        .toPlainDate()
        .add({ days: 1 }),
      zone,
    )
    this.billingDay = zoned(this.end, zone).day
  }

  price(plan: string, interval: Interval): number {
    return this.prices[plan]![interval]
  }

  /** What it owes; credit is below zero. */
  get owed(): number {
    return this.ledger.reduce((sum, { amount }) => sum + amount, 0)
  }

  get recurring(): number {
    if (!this.paying || (this.status !== 'active' && this.status !== 'past_due')) return 0
    return this.interval === 'year' ? portion(this.net, 1, 12) : this.net
  }

  private tell(kind: string, at: number): void {
    for (const to of this.owners) this.mails.push({ at, kind, to })
  }

  private turn(to: Status, at: number): void {
    if (to === this.status) return
    this.status = to
    this.since = at
    this.turns.push({ at, to })
  }

  private quote(kind: Due['kind'], plan: string, interval: Interval, planNet: number, now: number): Due {
    let net = planNet
    if (kind === 'upgrade' && this.end !== undefined) {
      const whole = this.end - this.start
      const left = Math.min(Math.max(this.end - now, 0), whole)
      net =
        interval === this.interval
          ? portion(Math.max(planNet - this.net, 0), left, whole)
          : Math.max(planNet - portion(this.net, left, whole), 0)
    }
    const tax = portion(net, this.taxBp, 10_000)
    const expires = kind === 'upgrade' ? now + 72 * hour : undefined
    return { kind, plan, interval, planNet, net, tax, total: net + tax, expires }
  }

  /** What is to be paid as things stand. */
  due(now: number): Due | undefined {
    if (this.order && (this.order.expires === undefined || this.order.expires > now)) return this.order
    if (this.status !== 'active') {
      if (this.net === 0) return undefined
      return this.quote(this.status === 'past_due' ? 'renew' : 'start', this.plan, this.interval, this.net, now)
    }
    if (this.end === undefined || this.cancelled || this.end - now > 15 * day) return undefined
    return this.renewal(now)
  }

  private renewal(now: number): Due | undefined {
    const { plan, interval } = this.next ?? this
    const net = this.next ? this.price(plan, interval) : this.net
    return net === 0 ? undefined : this.quote('renew', plan, interval, net, now)
  }

  open(kind: Due['kind'], plan: string, interval: Interval, now: number): boolean {
    const due = this.quote(kind, plan, interval, kind === 'renew' ? this.net : this.price(plan, interval), now)
    if (due.total === 0) return false
    this.order = due
    return true
  }

  pay(amount: number, now: number): void {
    this.papers.receipt++
    this.ledger.push({ at: now, kind: 'payment', amount: -amount })
    this.tell('receipt', now)
    this.settle(now)
  }

  /** Buys what is due, if there is credit enough. A change that was planned for the end of the period waits for it. */
  private settle(now: number): boolean {
    const due = this.due(now)
    if (!due || -this.owed < due.total) return false
    const early = this.status === 'active' && this.end !== undefined && this.end > now
    if (due.kind === 'renew' && early && this.next) return false
    this.buy(due, now)
    return true
  }

  private buy(due: Due, now: number): void {
    this.order = undefined
    this.papers.invoice++
    this.invoices.unshift({ total: due.total, tax: due.tax, credited: 0 })
    this.ledger.push({ at: now, kind: 'charge', amount: due.total })
    if (this.status === 'expired' || this.status === 'purge_scheduled') this.tell('reactivated', now)
    this.tell('invoice', now)
    const within = due.kind === 'upgrade' && due.interval === this.interval
    if (!within) {
      const follows =
        due.kind !== 'upgrade' &&
        this.end !== undefined &&
        (this.status === 'trialing' || this.status === 'past_due' || (this.status === 'active' && this.net > 0))
      const begin = (at: number, billingDay: number) => {
        this.start = at
        this.billingDay = billingDay
        this.end = nextEnd(at, due.interval, billingDay, this.zone)
      }
      if (follows) begin(this.end!, this.status === 'trialing' ? zoned(this.end!, this.zone).day : this.billingDay)
      if (!follows || this.end! <= now) begin(now, zoned(now, this.zone).day)
    }
    this.plan = due.plan
    this.interval = due.interval
    this.net = due.planNet
    if (due.kind !== 'upgrade') this.next = undefined
    if (!within) this.cancelled = false
    this.paying = true
    this.turn('active', now)
  }

  takeFree(now: number): boolean {
    if (this.status === 'active' && this.net > 0) return false
    if (this.status === 'expired' || this.status === 'purge_scheduled') this.tell('reactivated', now)
    this.beFree(now)
    this.billingDay = zoned(now, this.zone).day
    return true
  }

  private beFree(now: number): void {
    this.plan = 'free'
    this.interval = 'month'
    this.net = 0
    this.start = now
    this.end = undefined
    this.next = undefined
    this.cancelled = false
    this.turn('active', now)
  }

  planDowngrade(plan: string, interval: Interval): boolean {
    if (this.status !== 'active' || this.end === undefined) return false
    this.next = { plan, interval }
    this.cancelled = false
    return true
  }

  cancel(): boolean {
    if ((this.status !== 'active' && this.status !== 'trialing') || this.end === undefined) return false
    if (!this.cancelled) this.next = undefined
    this.cancelled = true
    return true
  }

  withdrawCancellation(): boolean {
    const could = this.cancelled && ['active', 'trialing', 'past_due'].includes(this.status)
    if (could) this.cancelled = false
    return could
  }

  extend(days: number, now: number): boolean {
    if (this.end === undefined) return false
    const last = zoned(Math.max(this.end, now) - 1, this.zone).toPlainDate()
    const date = last.add({ days: days + 1 })
    if (this.status === 'expired' || this.status === 'purge_scheduled') this.tell('reactivated', now)
    if (this.status !== 'trialing' && this.status !== 'active') {
      this.cancelled = false
      this.turn('active', now)
    }
    this.end = midnight(date, this.zone)
    this.billingDay = date.day
    return true
  }

  suspend(now: number): boolean {
    if (this.suspended) return false
    this.suspended = true
    this.tell('suspended', now)
    return true
  }

  restore(now: number): boolean {
    if (!this.suspended) return false
    this.suspended = false
    this.tell('restored', now)
    return true
  }

  reject(now: number): void {
    this.tell('payment_rejected', now)
  }

  /** Money back, with a credit note for as much of an invoice, or out of what stands on the account. */
  refund(amount: number, takesBack: boolean, now: number): boolean {
    if (takesBack) {
      const invoice = this.invoices.find(({ total, credited }) => total - credited >= amount)
      if (!invoice) return false
      invoice.credited += amount
      this.papers.credit_note++
      this.ledger.push({ at: now, kind: 'credit', amount: -amount })
      this.tell('credit_note', now)
    } else if (-this.owed < amount) return false
    this.ledger.push({ at: now, kind: 'refund', amount })
    return true
  }

  /** What the clock does when it looks, again and again, until there is nothing left to do at this moment. */
  run(now: number): void {
    while (this.pass(now));
    this.remind(now)
  }

  private pass(now: number): boolean {
    const { status, since, end } = this
    if (status === 'trialing' || status === 'active') {
      const grace = this.card && !this.cancelled ? 72 * hour : 0
      if (end === undefined || end + grace > now) return false
      if (this.cancelled) this.lapse('expired', now)
      else this.endPeriod(now)
      return true
    }
    if (status === 'past_due' && since + 7 * day <= now) {
      this.lapse('expired', now)
      return true
    }
    if (status === 'expired' && since + 30 * day <= now) {
      this.lapse('purge_scheduled', now)
      this.tell('purge_scheduled', now)
      return true
    }
    return false
  }

  private endPeriod(now: number): void {
    // The difference for the rest of a period that is over is not owed any more.
    if (this.order?.kind === 'upgrade') this.order = undefined
    if (this.next && this.price(this.next.plan, this.next.interval) === 0) {
      this.beFree(now)
      return
    }
    if (this.settle(now)) return
    if (this.next) {
      this.plan = this.next.plan
      this.interval = this.next.interval
      this.net = this.price(this.plan, this.interval)
      this.next = undefined
    }
    this.lapse('past_due', now)
  }

  private lapse(to: Status, now: number): void {
    if (this.order?.kind === 'upgrade') this.order = undefined
    this.turn(to, now)
  }

  /** The latest notice whose moment has come, if that is at most 36 hours ago; the ones before it never again. */
  private remind(now: number): void {
    const come = this.notices().filter(({ at, key }) => at <= now && !this.dealtWith.has(key))
    const last = come.at(-1)
    for (const { key } of come) this.dealtWith.add(key)
    if (last && now - last.at <= 36 * hour && !this.isCovered(now)) this.tell(`notice_${last.kind}`, now)
  }

  /** Money that is there already needs no reminder. */
  private isCovered(now: number): boolean {
    if (this.cancelled || this.status === 'expired') return false
    const next = this.status === 'active' ? this.renewal(now) : this.due(now)
    if (this.card) return this.status === 'active' && next === undefined
    if (this.status === 'trialing' && !next) return false
    return -this.owed >= (next?.total ?? 0)
  }

  private calendar: { of: string; notices: Notice[] } = { of: '', notices: [] }

  private notices(): Notice[] {
    const of = [this.status, this.since, this.start, this.end].join()
    if (this.calendar.of !== of) this.calendar = { of, notices: this.writeCalendar() }
    return this.calendar.notices
  }

  private writeCalendar(): Notice[] {
    const { status, since, end, zone, start } = this
    if (status === 'expired') {
      return [0, 7, 21, 28].map((days) => ({
        kind: `after_${days}`,
        at: since + days * day,
        key: `after_${days} of ${since}`,
      }))
    }
    if ((status !== 'trialing' && status !== 'active') || end === undefined) return []
    const last = zoned(end - 1, zone).toPlainDate()
    return [14, 7, 3, 0]
      .map((days) => ({
        kind: `before_${days}`,
        at: last.subtract({ days }).toZonedDateTime({ timeZone: zone, plainTime: '09:00' }).epochMilliseconds,
        key: `before_${days} of ${end}`,
      }))
      .filter(({ at }) => at > start)
  }
}
