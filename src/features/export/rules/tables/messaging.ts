// What was written to people, and what they answered.
import { at, columns, created, id, type Table } from '../columns.ts'

export const messagingTables: readonly Table[] = [
  {
    name: 'messages',
    key: ['id'],
    columns: columns({
      id,
      appointment_id: ['id', 'appointments.id'],
      patient_id: ['id', 'patients.id'],
      version: ['number', 'version of the appointment it tells of'],
      kind: ['text', 'what it is'],
      channel: ['text', 'whatsapp or email'],
      template: ['text', 'name of its words'],
      language: ['text', 'language'],
      recipient: ['sealed', 'number in E.164, or e-mail address'],
      // A code that is on its way opens something.
      params: [
        'sealedJson',
        'what its words were filled with, JSON',
        `case when kind = 'code' then null else params_sealed end`,
      ],
      body: ['sealed', 'text as it was sent', `case when kind = 'code' then null else body_sealed end`],
      status: ['text', 'queued, sending, unknown, accepted, sent, delivered, read, failed, dropped'],
      due_at: at('when it should leave'),
      expires_at: at('after this it is not sent'),
      attempts: ['number', 'how often it was tried'],
      provider_id: ['text', 'identifier at the provider'],
      error_code: ['text', 'error code of the provider'],
      drop_reason: ['text', 'why it was not sent'],
      told_with: ['id', 'the same for all visits that one message told of'],
      created_at: created,
      accepted_at: at('when the provider took it'),
      sent_at: at('when it was sent'),
      delivered_at: at('when it arrived'),
      read_at: at('when it was read'),
      failed_at: at('when it failed'),
    }),
  },
  {
    name: 'message_attempts',
    key: ['id'],
    columns: columns({
      id,
      message_id: ['id', 'messages.id'],
      started_at: at('start'),
      ended_at: at('end'),
      outcome: ['text', 'accepted, retry, final, unknown'],
      provider_id: ['text', 'identifier at the provider'],
      error_code: ['text', 'error code of the provider'],
      error_detail: ['text', 'what the provider said'],
    }),
  },
  {
    name: 'inbound_messages',
    key: ['id'],
    columns: columns({
      id,
      appointment_id: ['id', 'appointments.id'],
      patient_id: ['id', 'patients.id'],
      sender_hash: ['hex', 'keyed digest of the number it came from'],
      body: ['sealed', 'text'],
      meaning: ['text', 'what it was understood as'],
      received_at: at('when it came'),
    }),
  },
]
