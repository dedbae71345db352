// Who waits for a time, and what they were offered.
import { at, columns, id, type Table } from '../columns.ts'

export const waitlistTables: readonly Table[] = [
  {
    name: 'waiting_entries',
    key: ['id'],
    columns: columns({
      id,
      patient_id: ['id', 'patients.id'],
      service_id: ['id', 'services.id'],
      location_id: ['id', 'locations.id; empty: any'],
      practitioner_ids: ['json', 'practitioners.id of the doctors waited for, JSON; empty: any'],
      weekdays: ['json', 'days of the week, 1 is Monday, JSON; empty: any'],
      parts: ['json', 'parts of the day: morning, afternoon, evening, JSON; empty: any'],
      from_date: ['time', 'first day waited for, local'],
      until_date: ['time', 'last day waited for, local'],
      instead_of: ['id', 'appointments.id of the visit that is to be sooner'],
      language: ['text', 'language of messages'],
      source: ['text', 'online or desk'],
      state: ['text', 'waiting, booked, left, removed, over'],
      appointment_id: ['id', 'appointments.id of the visit that came of it'],
      joined_at: at('since when'),
      ended_at: at('until when'),
    }),
  },
  {
    name: 'waiting_offers',
    key: ['id'],
    columns: columns({
      id,
      entry_id: ['id', 'waiting_entries.id'],
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id'],
      starts_at: at('start of the time offered'),
      ends_at: at('end of the time offered'),
      state: ['text', 'open, accepted, declined, taken, expired, withdrawn'],
      by_hand: ['flag', 'offered by the desk'],
      offered_at: at('when it was offered'),
      expires_at: at('until when it stood'),
      answered_at: at('when it was answered'),
    }),
  },
]
