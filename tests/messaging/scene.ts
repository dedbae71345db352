// A clinic that writes through a WhatsApp of the tests' own, and a patient who hears of a visit in two days.
import { beforeAll, beforeEach } from 'vitest'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { noticeBooked } from '../../src/features/notices/actions.ts'
import type { AppointmentId, LocationId } from '../../src/kernel/ids.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'
import { makeAppointment, makeBookable, makePatient } from '../support/factories.ts'
import { factsNow, messagesOf } from '../support/messages.ts'
import { fakeWhatsApp, type FakeWhatsApp } from '../support/whatsapp.ts'

export const patientPhone = '+923001234567'

type Now = { app: TestApp; whatsapp: FakeWhatsApp; clinic: TestClinic }

/** An app for the file's tests, and for each of them the only clinic there is, of which nobody has heard yet. */
export function withClinicThatWrites(take: (started: Now) => void): void {
  let app: TestApp
  let whatsapp: FakeWhatsApp
  beforeAll(async () => {
    app = await startTestApp()
    whatsapp = fakeWhatsApp(app)
    return () => app.stop()
  })
  beforeEach(async () => {
    app.clock.set(testNow)
    await app.superuser('delete from clinic.profiles')
    await app.superuser('delete from platform.sending_pauses')
    whatsapp.always('accept')
    whatsapp.sent.length = 0
    const clinic = await makeClinic(app)
    await makeBookable(clinic)
    take({ app, whatsapp, clinic })
  })
}

/** What is done with that clinic, as it is when it is done. */
export function wordsFor(now: () => Now) {
  /** A visit in two days at 4:30 pm, told of as a patient who books online is. */
  const booked = async (
    by: 'patient' | 'desk' = 'patient',
    email?: string,
    place: { locationId?: LocationId } = {},
  ): Promise<AppointmentId> => {
    const { clinic } = now()
    const patient = await makePatient(clinic, { phone: patientPhone, ...(email === undefined ? {} : { email }) })
    const { id } = await makeAppointment(clinic, { on: '2026-11-26', at: '16:30', patientId: patient.id, ...place })
    await clinic.inClinic(async (ctx) => noticeBooked(ctx, await factsNow(ctx, id), { by }))
    return id
  }
  const sinceSent = async (kind = 'confirmation') =>
    (await messagesOf(now().app, now().clinic.id)).find((m) => m.kind === kind)!
  return { dispatch: () => dispatchDue(now().app.services), booked, sinceSent }
}
