import type { PatientRecord } from '../../export/actions/patient.ts'

/** What of a record is given out, where the clinic gave reasons for withholding the rest. */
export function only({ patient, visits, held }: PatientRecord, parts: readonly string[]): PatientRecord {
  const rowsOf = <T>(part: string, rows: T[]): T[] => (parts.includes(part) ? rows : [])
  return {
    patient,
    visits: rowsOf('visits', visits),
    held: {
      patients: rowsOf('details', held.patients),
      appointments: rowsOf('visits', held.appointments),
      tokens: rowsOf('visits', held.tokens),
      queue_places: rowsOf('visits', held.queue_places),
      waiting_entries: rowsOf('visits', held.waiting_entries),
      waiting_offers: rowsOf('visits', held.waiting_offers),
      messages: rowsOf('messages', held.messages),
      inbound_messages: rowsOf('messages', held.inbound_messages),
      consents: rowsOf('consents', held.consents),
      audit_entries: rowsOf('log', held.audit_entries),
    },
  }
}
