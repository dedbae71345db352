// What people asked for under their rights.
import { at, columns, id, type Table } from '../columns.ts'

export const rightsTables: readonly Table[] = [
  {
    name: 'rights_requests',
    key: ['id'],
    columns: columns({
      id,
      kind: ['text', 'access, correction, erasure, restriction, objection, withdrawal, portability'],
      state: ['text', 'received, identity_proven, decided, withdrawn'],
      source: ['text', 'where it came in: desk, patient_page, platform'],
      language: ['text', 'language of the answer'],
      patient_id: ['id', 'patients.id'],
      subject: ['sealedJson', 'who asks: name, phone, email, JSON'],
      wishes: ['sealedJson', 'what is asked in particular, JSON'],
      platform_request_id: ['id', 'reference at the platform'],
      received_at: at('when it came in'),
      due_at: at('until when it has to be answered'),
      told_at: at('when the owners were told'),
      escalated_at: at('when they were reminded'),
      escalated_again_at: at('when they were reminded again'),
      identity: ['text', 'how identity was proven: code, in_person, patient_page'],
      identity_at: at('when identity was proven'),
      identity_by: ['id', 'account of who saw to it'],
      identity_note: ['sealedJson', 'what was seen, JSON'],
      outcome: ['text', 'done, partly, refused'],
      handled_by: ['id', 'account of who decided'],
      answer: ['sealedJson', 'what was done and kept, and why, JSON'],
      answered_at: at('when it was answered'),
      closed_at: at('when it was closed'),
    }),
  },
]
