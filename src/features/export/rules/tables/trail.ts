// The audit log.
import { at, columns, id, type Table } from '../columns.ts'

export const trailTables: readonly Table[] = [
  {
    name: 'audit_entries',
    key: ['id'],
    columns: columns({
      id,
      at: at('when it happened'),
      actor_kind: ['text', 'who did it: user, patient, visitor, admin, system, support'],
      actor_id: ['id', 'account of who did it'],
      actor_role: ['text', 'role of the account, or name of the job'],
      on_behalf_id: ['id', 'the owner who allowed a support visit'],
      visit_id: ['id', 'the support visit'],
      action: ['text', 'what was done'],
      record_kind: ['text', 'kind of record'],
      record_id: ['id', 'identifier of the record'],
      details: ['json', 'codes, identifiers and numbers, JSON'],
      details_sealed: ['sealedJson', 'further details, JSON'],
      request_id: ['text', 'identifier of the request'],
      origin_digest: ['hex', 'salted digest of address and browser'],
    }),
  },
]
