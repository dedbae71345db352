// A clinic's account in the hands of a test: who does something, what was written, what was mailed.
import { openAccount, type Account, type By } from '../../src/features/billing/actions.ts'
import { findPlan, type Plan } from '../../src/features/subscription/queries/plans.ts'
import { newId } from '../../src/kernel/ids.ts'
import { dateAt, type Instant } from '../../src/kernel/time.ts'
import { openMail } from '../../src/platform/mails.ts'
import type { Services } from '../../src/platform/services.ts'
import type { TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'

export const operator: By = { kind: 'operator', id: null }
export const owner: By = { kind: 'user', id: null }

export async function inAccount<T>(
  clinic: TestClinic,
  work: (account: Account) => Promise<T>,
  by: By = operator,
  services: Services = clinic.app.services,
): Promise<T> {
  return (await openAccount(services, clinic.id, by, { requestId: 'test' }, work)) as T
}

/** A payment as somebody would type it, of a reference of its own. */
export const byHand = ({ app }: TestClinic, amountMinor: number, reference: string = newId()) => ({
  method: 'bank_transfer',
  amountMinor,
  currency: 'PKR',
  reference,
  paidOn: dateAt(app.clock.now(), 'Asia/Karachi'),
})

export async function planOf(app: TestApp, code: string): Promise<Plan> {
  const plan = await findPlan(app.services.db, code)
  if (!plan) throw new Error(`no plan ${code}`)
  return plan
}

export type Held = {
  status: string
  standing: string
  plan: string
  since: Instant
  starts: Instant
  ends: Instant | null
  next: Instant | null
}

export async function heldBy({ app, id }: TestClinic): Promise<Held> {
  const [held] = await app.superuser<Held>(
    `select s.status, c.status as standing, c.plan, s.status_since as since, s.period_start as starts,
       s.period_end as ends, s.next_step_at as next
     from platform.subscriptions s join platform.clinics c on c.id = s.clinic_id where c.id = $1`,
    [id],
  )
  return held!
}

/** `payment -6960000`, in the order of writing. */
export async function ledgerOf({ app, id }: TestClinic): Promise<string[]> {
  const lines = await app.superuser<{ line: string }>(
    `select kind || ' ' || amount_minor as line from platform.ledger_entries where clinic_id = $1 order by at, id`,
    [id],
  )
  return lines.map(({ line }) => line)
}

export async function numbersOf({ app, id }: TestClinic): Promise<string[]> {
  const papers = await app.superuser<{ number: string }>(
    'select number from platform.documents where clinic_id = $1 order by issued_at, id',
    [id],
  )
  return papers.map(({ number }) => number)
}

export type Told = { kind: string; to: string; subject: string; text: string; at: Instant; expires: Instant | null }

/** What was mailed about the clinic's account, oldest first. */
export async function mailsAbout({ app, cast }: TestClinic): Promise<Told[]> {
  const stored = await app.superuser<{
    id: string
    kind: string
    sealed: Buffer
    at: Instant
    expires: Instant | null
  }>(
    'select id, kind, mail_sealed as sealed, created_at as at, expires_at as expires from platform.mails order by created_at, id',
  )
  return stored
    .map(({ id, sealed, ...rest }) => ({ ...rest, ...openMail(app.services.keys.platform, id, sealed) }))
    .filter(({ to }) => to === cast.nadia.email)
}

export const kindsOf = async (clinic: TestClinic): Promise<string[]> =>
  (await mailsAbout(clinic)).map(({ kind }) => kind)
