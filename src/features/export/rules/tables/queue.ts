// Numbers and places in the line.
import { at, columns, id, type Table } from '../columns.ts'

export const queueTables: readonly Table[] = [
  {
    name: 'token_counters',
    key: ['practitioner_id', 'day'],
    columns: columns({
      practitioner_id: ['id', 'practitioners.id'],
      day: ['time', 'local date'],
      issued: ['number', 'how many numbers were given'],
    }),
  },
  {
    name: 'tokens',
    key: ['id'],
    columns: columns({
      id,
      practitioner_id: ['id', 'practitioners.id'],
      day: ['time', 'local date'],
      token: ['number', 'the number, from 1 for each doctor and day'],
      appointment_id: ['id', 'appointments.id'],
      issued_at: at('when it was given'),
    }),
  },
  {
    name: 'queue_places',
    key: ['appointment_id'],
    columns: columns({
      appointment_id: ['id', 'appointments.id'],
      walk_in: ['flag', 'came without an appointment'],
      priority: ['text', 'why they went first: urgent, elderly, pregnant, child, disability, other'],
      priority_at: at('since when they go first'),
      place_at: at('the place in the line, where it is not that of their time'),
      place_tie: ['number', 'the place among equals'],
      skips: ['number', 'how often they were called and not there'],
      stepped_out_at: at('since when they are away'),
      changed_at: at('when this was last changed'),
    }),
  },
]
