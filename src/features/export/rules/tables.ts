// What is in an export, column by column in a file for each feature. A test reads the database's catalogue and demands that every table and column
// of a clinic is either here or on the list of what stays out, with the reason.
import type { Table } from './columns.ts'
import { appointmentTables } from './tables/appointments.ts'
import { clinicTables } from './tables/clinics.ts'
import { disruptionTables } from './tables/disruptions.ts'
import { hoursTables } from './tables/hours.ts'
import { messagingTables } from './tables/messaging.ts'
import { patientTables } from './tables/patients.ts'
import { queueTables } from './tables/queue.ts'
import { rightsTables } from './tables/rights.ts'
import { trailTables } from './tables/trail.ts'
import { waitlistTables } from './tables/waitlist.ts'

/** In the order of an import: what others point at comes before them. */
export const exportTables: readonly Table[] = [
  ...clinicTables,
  ...hoursTables,
  ...patientTables,
  ...appointmentTables,
  ...queueTables,
  ...disruptionTables,
  ...waitlistTables,
  ...messagingTables,
  ...rightsTables,
  ...trailTables,
]

/** Tables that stay, and why. */
export const tablesLeftOut: Readonly<Record<string, string>> = {
  patient_words: 'An index of the names in patients.csv, made anew by an import.',
  portal_visits: 'Patients who look at their own data, for half an hour each.',
  verification_codes: 'Digests of codes that open something for a few minutes.',
  audit_links: 'Vouch for the log of the clinic they were made for, and for no other.',
  audit_chains: 'Where the linking of the log goes on.',
  audit_heads: 'Published heads of the chain over the log of this very clinic.',
  exports: 'How exports were made, with the keys of their files.',
  freed_times: 'What the waiting list looks at within minutes.',
  waiting_drafts: 'What was typed by whoever is still to prove a number.',
}

/** Columns that stay, and why. `clinic_id` is in the manifest. */
export const columnsLeftOut: Readonly<Record<string, string>> = {
  'patients.name_key': 'Made of the name.',
  'patients.phone_index': 'A keyed digest of the number.',
  'patients.phone_last_four_index': 'A keyed digest of the number.',
  'appointments.occupied': 'Made of occupied_from and occupied_to.',
  'appointments.occupies': 'Made of the status.',
  'appointments.session': 'Made of service, location and start.',
  'appointments.hold_owner': 'Of places held for minutes, which are not exported.',
  'appointments.hold_expires_at': 'Of places held for minutes, which are not exported.',
  'appointments.draft_sealed': 'Of places held for minutes, which are not exported.',
  'rights_requests.phone_index': 'A keyed digest of the number.',
  'rights_requests.code_hash': 'A digest of a code that is good for minutes.',
  'rights_requests.code_sent_at': 'Of a code that is good for minutes.',
  'rights_requests.code_expires_at': 'Of a code that is good for minutes.',
  'rights_requests.code_tries': 'Of a code that is good for minutes.',
  'rights_requests.codes_sent': 'Of a code that is good for minutes.',
  'rights_requests.answer_hash': 'A digest of the link to the answer.',
  'profiles.waitlist_seen': 'When the diary was last looked at for those who wait.',
  'waiting_offers.number_hash': 'A keyed digest of the number.',
  'messages.recipient_hash': 'A keyed digest of the recipient.',
  'messages.lease_until': 'Who is sending it at this moment.',
  'audit_entries.address': 'Kept for 30 days; an export would keep it for ever.',
  'audit_entries.browser': 'Kept for 30 days; an export would keep it for ever.',
  'audit_entries.salt': 'Kept for 30 days, with address and browser.',
}

/** What is exported besides the clinic's own tables, from the service's. Not imported: people are invited. */
export const staffColumns = {
  name: 'name',
  email: 'e-mail address of the account',
  role: 'owner, doctor, receptionist, assistant or accountant',
  since: 'since when, ISO 8601 in UTC',
} as const

/** Pictures of slips by which the subscription was paid, in the folder `slips`. Not imported: they are the service's books. */
export const slipColumns = {
  payment_id: 'identifier of the payment',
  uploaded_at: 'when it was uploaded, ISO 8601 in UTC',
  media_type: 'kind of picture',
  bytes: 'its size',
  file: 'where it is in this ZIP',
} as const
