// Days that went otherwise than planned, and how each visit stood before.
import { at, columns, created, id, type Table } from '../columns.ts'

export const disruptionTables: readonly Table[] = [
  {
    name: 'disruptions',
    key: ['id'],
    columns: columns({
      id,
      kind: ['text', 'late, off (the rest of a day), leave, closed (a place)'],
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id'],
      starts_at: at('from when'),
      ends_at: at('until when'),
      closure_id: ['id', 'closures.id that came of it; it may be gone'],
      created_at: created,
      created_by: ['id', 'account that declared it'],
      tells_at: at('when its first message could leave'),
      undone_at: at('when it was taken back'),
    }),
  },
  {
    name: 'disruption_visits',
    key: ['id'],
    columns: columns({
      id,
      disruption_id: ['id', 'which of the disruptions'],
      appointment_id: ['id', 'appointments.id'],
      outcome: ['text', 'shifted, moved, handed_over, cancelled'],
      version_after: ['number', 'version of the visit it led to'],
      was_practitioner_id: ['id', 'practitioners.id before'],
      was_location_id: ['id', 'locations.id before'],
      was_starts_at: at('start before'),
      was_ends_at: at('end before'),
      was_occupied_from: at('start before, with the buffer'),
      was_occupied_to: at('end before, with the buffer'),
      was_lane: ['number', 'place beside others before'],
      was_capacity: ['number', 'people at one time before'],
      was_overbooked: ['flag', 'stood on top of others before'],
      was_confirmed_at: at('when its patient had said that they come'),
      was_resource_ids: ['text', 'resources.id it took before, with spaces between'],
    }),
  },
]
