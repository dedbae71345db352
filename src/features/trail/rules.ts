// What the entries of a clinic's log are about, in groups a person can choose from.

/** Every action that is written into a clinic's log; the words are `trail.action.<noun>_<past>`. */
export const actionGroups = {
  visits: [
    'appointment.booked', 'appointment.overbooked', 'appointment.moved', 'appointment.resized', 'appointment.cancelled',
    'appointment.confirmed', 'appointment.confirmed_by_phone', 'appointment.arrived', 'appointment.in_room', 'appointment.fulfilled',
    'appointment.noshow', 'appointment.step_undone', 'appointment.answers_changed', 'series.booked', 'series.moved', 'series.cancelled', 'series.undone', 'disruption.declared', 'disruption.told', 'disruption.undone', 'queue.called', 'queue.walked_in', 'queue.skipped',
    'queue.stepped_out', 'queue.returned', 'queue.prioritised', 'queue.priority_ended',
    'waiting.joined', 'waiting.left', 'waiting.removed', 'waiting.restored', 'waiting.offered', 'waiting.accepted',
    'waiting.declined',
  ],
  patients: [
    'patient.created', 'patient.opened', 'patient.exported', 'patient.contact_updated', 'patient.corrected',
    'patient.erased', 'patient.restricted', 'patient.restriction_lifted', 'consent.given', 'consent.withdrawn',
    'portal.opened', 'portal.left',
  ],
  messages: ['message.retried', 'message.taken_back', 'message.hurried', 'messages.stopped', 'messages.resumed'],
  settings: [
    'profile.changed', 'booking_rules.changed', 'hours.changed', 'hours.removed', 'hours.restored', 'timetable.saved', 'timetable.removed',
    'timetable.restored', 'moon.corrected', 'closure.added',
    'closure.removed', 'closure.restored', 'location.added', 'location.changed', 'location.deactivated',
    'location.reactivated', 'location.rearranged', 'practitioner.added', 'practitioner.changed', 'practitioner.linked',
    'practitioner.unlinked', 'practitioner.deactivated', 'practitioner.reactivated', 'practitioner.rearranged',
    'resource.added', 'resource.changed', 'resource.deactivated', 'resource.reactivated', 'resource.rearranged',
    'clinic.waiting_list_set', 'service.added', 'service.changed', 'service.deactivated', 'service.reactivated', 'service.rearranged',
    'checklist.hidden', 'checklist.shown', 'link.shared', 'embed.sites_changed',
  ],
  people: [
    'staff.invited', 'staff.invitation_withdrawn', 'staff.joined', 'staff.role_changed', 'staff.removed',
    'staff.factor_reset_asked', 'staff.factor_reset_taken_back', 'clinic.factor_required', 'clinic.factor_relaxed',
    'api_client.created',
    'api_client.revoked', 'api.patients_read', 'feed.created', 'feed.revoked',
  ],
  support: [
    'support_visit.asked', 'support_visit.allowed', 'support_visit.refused', 'support_visit.started',
    'support_visit.looked', 'support_visit.ended', 'support_consent.given', 'support_consent.withdrawn',
  ],
  privacy: [
    'rights_request.received', 'rights_request.classified', 'rights_request.patient_named', 'rights_request.code_sent',
    'rights_request.identity_proven', 'rights_request.decided', 'rights_request.withdrawn', 'retention.changed',
    'legal_hold.set', 'legal_hold.extended', 'legal_hold.lifted', 'export.asked', 'export.cancelled',
    'export.downloaded', 'export.imported', 'closing.asked', 'closing.undone',
  ],
  money: [
    'checkout.begun', 'order.opened', 'payment.declared', 'payment.entered', 'payment.rejected', 'payment.refunded',
    'ledger.corrected', 'subscription.activated', 'subscription.renewed', 'subscription.reactivated',
    'subscription.upgraded', 'subscription.downgraded', 'subscription.downgrade_planned',
    'subscription.downgrade_withdrawn', 'subscription.plan_changed', 'subscription.freed', 'subscription.cancelled',
    'subscription.cancellation_withdrawn', 'subscription.past_due', 'subscription.extended', 'subscription.expired',
    'subscription.purge_scheduled', 'subscription.suspended', 'subscription.restored', 'subscription.closed',
    'subscription.reopened', 'subscription.card_linked', 'subscription.card_unlinked',
  ],
  log: ['log.exported', 'log.checked', 'log.mail_changed'],
} as const // prettier-ignore
export type ActionGroup = keyof typeof actionGroups
export const groupNames = Object.keys(actionGroups) as ActionGroup[]
export const actions: ReadonlySet<string> = new Set(Object.values(actionGroups).flat())

const recordKinds = [
  'appointment', 'patient', 'practitioner', 'service', 'location', 'closure', 'clinic', 'user', 'invitation', 'message',
  'inbound_message', 'export', 'api_client', 'feed', 'support_visit', 'rights_request', 'legal_hold', 'subscription', 'order',
  'portal_visit', 'closing', 'series', 'disruption', 'resource', 'waiting_entry',
] as const // prettier-ignore
export type RecordKind = (typeof recordKinds)[number] | 'other'

export function recordKindOf(kind: string): RecordKind {
  return recordKinds.find((one) => one === kind) ?? 'other'
}

const ownPages: Partial<Record<RecordKind, string>> = {
  appointment: '/appointments/',
  series: '/series/',
  disruption: '/disruptions/',
  patient: '/patients/',
  practitioner: '/settings/doctors/',
  service: '/settings/services/',
  location: '/settings/locations/',
  rights_request: '/settings/privacy/requests/',
}
const sharedPages: Partial<Record<RecordKind, string>> = {
  closure: '/settings/closures',
  user: '/settings/staff',
  invitation: '/settings/staff',
  export: '/settings/export',
  api_client: '/settings/api',
  feed: '/settings/feeds',
  support_visit: '/settings/support',
  subscription: '/settings/subscription',
  order: '/settings/subscription',
  closing: '/settings/privacy/closing',
}

/** Where a record is looked at, below the clinic's workspace; undefined for what has no page. */
export function recordPath(kind: string, id: string): string | undefined {
  const known = recordKindOf(kind)
  const own = ownPages[known]
  return own === undefined ? sharedPages[known] : own + id
}

export const mailChoices = ['daily', 'weekly', 'never'] as const
export type MailChoice = (typeof mailChoices)[number]

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Of a check of the log: told on its own page. */
const internal = new Set([
  'version',
  'from_lane',
  'from_overbooked',
  'was_confirmed_at',
  'seq',
  'publishedAt',
  'badSeq',
  'badEntry',
  'badAt',
])
export const defects = ['altered', 'missing', 'gap', 'cut', 'rewritten', 'unlinked'] as const
export type Fact = { name: string; value: string | number | boolean }

/**
 * What an entry says beyond its action, one fact a line: `before` and `after` of the same field become one. Ids tell a
 * person nothing and are left out; the record itself has a link.
 */
export function factsOf(details: Record<string, unknown> | null, sealed: unknown): Fact[] {
  const facts: Fact[] = []
  const add = (name: string, value: unknown) => {
    if (internal.has(name)) return
    if (typeof value === 'number' || typeof value === 'boolean') facts.push({ name, value })
    else if (typeof value === 'string' && value !== '' && !uuid.test(value)) facts.push({ name, value })
  }
  for (const [name, value] of Object.entries(details ?? {})) add(name, value)
  if (!isRecord(sealed)) return facts
  const { before, after, ...rest } = sealed
  const [was, is] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}]
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    add(name, `${text(was[name])} → ${text(is[name])}`)
  }
  for (const [name, value] of Object.entries(rest)) add(name, isRecord(value) ? JSON.stringify(value) : value)
  return facts
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string =>
  value === null || value === undefined || value === ''
    ? '…'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
