import type { AppointmentFacts } from '../../notices/rules.ts'
import type { Appointment } from '../queries.ts'

/** What the notices need to know of an appointment that has a patient. */
export function factsOf(appointment: Appointment): AppointmentFacts {
  const { id, version, startsAt, practitionerId, locationId, status, language, messagesWanted } = appointment
  const { patientId, patientPhone, patientEmail } = appointment
  if (patientId === null || patientPhone === null) throw new Error('notices for an appointment without a patient')
  return {
    id,
    version,
    startsAt,
    practitionerId,
    locationId,
    status,
    patientId,
    phone: patientPhone,
    ...(patientEmail === null ? {} : { email: patientEmail }),
    language,
    messagesWanted,
  }
}
