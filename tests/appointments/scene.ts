// What the tests of appointments share: a bookable clinic, and short words for what people do there.
import { bookAtDesk, bookHeldSlot } from '../../src/features/appointments/actions/book.ts'
import { holdSlot, type Holder } from '../../src/features/appointments/actions/hold.ts'
import type { SlotWish } from '../../src/features/availability/actions.ts'
import type { AppointmentId } from '../../src/kernel/ids.ts'
import type { Phone } from '../../src/kernel/phone.ts'
import { Temporal } from '../../src/kernel/time.ts'
import type { Actor } from '../../src/platform/clinic-scope.ts'
import type { TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeBookable } from '../support/factories.ts'

export const visitor: Actor = { kind: 'visitor' }

export const browser = (number: number): Holder => ({ owner: Buffer.alloc(32, number), language: 'en' })

export function details(number = 1, overrides: Partial<Parameters<typeof bookHeldSlot>[2]> = {}) {
  return {
    name: `Ayesha Khan ${number}`,
    phone: `+92300${2_000_000 + number}` as Phone,
    email: undefined,
    language: 'en' as const,
    proven: true,
    consentWording: 'booking' as const,
    ...overrides,
  }
}

export async function scene(app: TestApp, service: Parameters<typeof makeBookable>[1] = {}) {
  const clinic = await makeClinic(app)
  const setup = await makeBookable(clinic, service)
  /** Tomorrow at this local time in Karachi, with Dr Sana. */
  const at = (time: string, date = '2026-11-25'): SlotWish => ({
    serviceId: setup.service.id,
    practitionerId: setup.practitionerId,
    locationId: setup.locationId,
    startsAt: Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime('Asia/Karachi').toInstant(),
  })
  const hold = (wish: SlotWish, holder = browser(1)) => clinic.inClinic((ctx) => holdSlot(ctx, wish, holder), visitor)
  const book = (id: AppointmentId, wish: SlotWish, holder = browser(1), who = details()) =>
    clinic.inClinic((ctx) => bookHeldSlot(ctx, { id, wish, holder }, who), visitor)
  const bookByPhone = (wish: SlotWish, who = details(), overbookReason?: string, messagesWanted = true) =>
    clinic.inClinic((ctx) =>
      bookAtDesk(ctx, {
        wish,
        patient: who,
        language: 'en',
        messagesWanted,
        ...(overbookReason === undefined ? {} : { overbookReason }),
      }),
    )
  return { clinic, ...setup, at, hold, book, bookByPhone }
}

export async function messagesOf(clinic: TestClinic, id: AppointmentId) {
  return clinic.app.superuser<{ kind: string; status: string; version: number }>(
    'select kind, status, version from clinic.messages where appointment_id = $1 order by created_at, id',
    [id],
  )
}

export async function actionsOf(clinic: TestClinic): Promise<string[]> {
  const entries = await clinic.app.superuser<{ action: string }>(
    'select action from clinic.audit_entries where clinic_id = $1 order by id',
    [clinic.id],
  )
  return entries.map(({ action }) => action)
}

export function valueOf<T>(outcome: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.reason}`)
  return outcome.value
}
