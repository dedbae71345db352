// Who comes, and what they agreed to.
import { at, columns, created, id, type Table } from '../columns.ts'

export const patientTables: readonly Table[] = [
  {
    name: 'patients',
    key: ['id'],
    columns: columns({
      id,
      name: ['text', 'name'],
      phone: ['sealed', 'telephone, E.164'],
      email: ['sealed', 'e-mail address'],
      language: ['text', 'language of messages'],
      phone_proven_at: at('when the number was proven by a code'),
      restricted_at: at('since when their data is restricted'),
      created_at: created,
    }),
  },
  {
    name: 'consents',
    key: ['id'],
    columns: columns({
      id,
      patient_id: ['id', 'patients.id'],
      purpose: ['text', 'appointment_messages, feedback'],
      decision: ['text', 'permit: agreed; deny: taken back. The newest of a patient and purpose holds'],
      wording: ['text', 'the wording it was agreed to in, by its name'],
      wording_version: ['number', 'edition of that wording'],
      language: ['text', 'language of that wording'],
      channel: ['text', 'web, whatsapp, phone, in_person, paper, email'],
      source: ['text', 'where it was taken down: public_page, patient_page, desk, whatsapp_reply, rights_request'],
      decided_at: at('when it was said'),
    }),
  },
]
