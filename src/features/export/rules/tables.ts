// What is in an export, column by column. A test reads the database's catalogue and demands that every table and column
// of a clinic is either here or on the list of what stays out, with the reason.

/**
 * How a column is written. `time` is an instant, date or time of day in ISO 8601; `sealed` and `sealedJson` are opened, and
 * sealed anew by an import; `hex` is a digest.
 */
export type Kind = 'id' | 'text' | 'number' | 'flag' | 'time' | 'json' | 'hex' | 'sealed' | 'sealedJson'

export type Column = {
  /** Its name in the file. */
  name: string
  kind: Kind
  about: string
  /** Its name in the database, where that is another. */
  column: string
  /** What is selected for it, where that is not just the column. */
  sql: string
}

export type Table = {
  name: string
  /** The columns that, with the clinic, make the key: rows are read in their order. None: there is one row. */
  key: readonly string[]
  columns: readonly Column[]
  /** Rows that are taken along; all unless it says so. */
  only?: string
}

function columns(specs: Record<string, [Kind, string] | [Kind, string, string]>): Column[] {
  return Object.entries(specs).map(([name, [kind, about, sql]]) => {
    const column = kind.startsWith('sealed') && !name.endsWith('_sealed') ? `${name}_sealed` : name
    return { name, kind, about, column, sql: sql === undefined ? column : `${sql} as ${column}` }
  })
}

const at = (about: string): [Kind, string] => ['time', `${about}, ISO 8601 in UTC`]
const position: [Kind, string] = ['number', 'order in lists, from 0']
const active: [Kind, string] = ['flag', 'false: taken out of use']
const created = at('when it was entered')
const id: [Kind, string] = ['id', 'identifier, UUID']

/** In the order of an import: what others point at comes before them. */
export const exportTables: readonly Table[] = [
  {
    name: 'profiles',
    key: [],
    columns: columns({
      about: ['text', 'what the clinic says of itself'],
      phone: ['text', 'telephone, E.164'],
      whatsapp: ['text', 'WhatsApp number, E.164'],
      languages: ['text', 'languages spoken, codes with spaces between'],
      min_notice_min: ['number', 'minutes between booking and visit at least'],
      horizon_days: ['number', 'how many days ahead can be booked'],
      slot_step_min: ['number', 'minutes between the times offered'],
      booking_identity_months: ['number', 'months after a visit until its patient is no longer named'],
      medical_record_months: ['number', 'months a visit tied to a medical record is kept'],
      same_day: ['flag', 'whether patients may book for the same day'],
      max_open_bookings: ['number', 'open visits that one number may have'],
      missed_rule: ['text', 'what is done about people who miss visits: none, confirm, call'],
      missed_after: ['number', 'after how many missed visits, old ones counting less'],
      code_policy: ['text', 'when a code proves the number: always, new, off'],
      audit_mail: ['text', 'how often owners are sent the heads of the audit chain: daily, weekly, never'],
      alert_email: ['text', 'address for notices to the clinic'],
      quiet_from: ['time', 'no messages from this local time'],
      quiet_to: ['time', 'no messages until this local time'],
      bring_note: ['text', 'what patients should bring'],
      waitlist: ['flag', 'keeps a waiting list'],
      waitlist_offers: ['number', 'how many are offered a time that came free at once'],
      waitlist_offer_min: ['number', 'minutes an offer stands'],
      link_shared_at: at('when the booking page was first shared'),
      checklist_hidden_at: at('when the checklist was put away'),
      created_at: created,
    }),
  },
  {
    name: 'locations',
    key: ['id'],
    columns: columns({
      id,
      name: ['text', 'name'],
      address: ['text', 'address'],
      map_url: ['text', 'link to a map'],
      phone: ['text', 'telephone, E.164'],
      position,
      active,
      created_at: created,
    }),
  },
  {
    name: 'practitioners',
    key: ['id'],
    columns: columns({
      id,
      user_id: ['id', 'account the doctor signs in with'],
      name: ['text', 'name'],
      title: ['text', 'title or field'],
      position,
      active,
      created_at: created,
    }),
  },
  {
    name: 'services',
    key: ['id'],
    columns: columns({
      id,
      name: ['text', 'name'],
      duration_min: ['number', 'minutes'],
      buffer_before_min: ['number', 'minutes kept free before'],
      buffer_after_min: ['number', 'minutes kept free after'],
      capacity: ['number', 'people at one time'],
      price_minor: ['number', 'price in the smallest unit of the currency; empty: not said'],
      currency: ['text', 'ISO 4217'],
      online: ['flag', 'can be booked by patients themselves'],
      min_notice_min: ['number', 'minutes between booking and visit at least; empty: as the clinic'],
      horizon_days: ['number', 'how many days ahead it can be booked; empty: as the clinic'],
      same_day: ['flag', 'whether it can be booked for the same day; empty: as the clinic'],
      new_only: ['flag', 'for people who have not been at the clinic before'],
      visit_type: ['text', 'examination or follow_up'],
      follow_up_days: ['number', 'days after an examination within which a follow-up has its own price'],
      follow_up_price_minor: ['number', 'that price in the smallest unit of the currency; empty: as otherwise'],
      position,
      active,
      created_at: created,
    }),
  },
  {
    name: 'practitioner_services',
    key: ['practitioner_id', 'service_id'],
    columns: columns({
      practitioner_id: ['id', 'practitioners.id'],
      service_id: ['id', 'services.id'],
      duration_min: ['number', 'minutes with this doctor; empty: as the service'],
      price_minor: ['number', 'price with this doctor in the smallest unit of the currency; empty: as the service'],
    }),
  },
  {
    name: 'service_questions',
    key: ['id'],
    columns: columns({
      id,
      service_id: ['id', 'services.id'],
      position,
      kind: ['text', 'text, choice, yes_no'],
      label: ['text', 'the question'],
      choices: ['json', 'what there is to choose from, JSON'],
      required: ['flag', 'has to be answered'],
    }),
  },
  {
    name: 'resources',
    key: ['id'],
    columns: columns({
      id,
      kind: ['text', 'room, equipment'],
      name: ['text', 'name'],
      location_id: ['id', 'locations.id; empty: at every place'],
      position,
      active,
      created_at: created,
    }),
  },
  {
    name: 'service_resources',
    key: ['service_id', 'resource_id'],
    columns: columns({
      service_id: ['id', 'services.id'],
      resource_id: ['id', 'resources.id'],
      need: ['number', 'of those with the same number any one will do; of each number one is needed'],
    }),
  },
  {
    name: 'timetables',
    key: ['id'],
    columns: columns({
      id,
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id whose weekly hours it replaces; empty: those of all'],
      name: ['text', 'what patients read'],
      kind: ['text', 'dates or hijri_month'],
      valid_from: ['time', 'first day, local'],
      valid_to: ['time', 'last day, local'],
      hijri_month: ['number', 'month of the Hijri year, 9 is Ramadan'],
      hijri_year: ['number', 'Hijri year; empty: every year'],
      created_at: created,
    }),
  },
  {
    name: 'moon_corrections',
    key: ['id'],
    columns: columns({
      id,
      hijri_year: ['number', 'Hijri year'],
      hijri_month: ['number', 'month of the Hijri year'],
      days: ['number', 'days by which the month began after its day in the Umm al-Qura calendar'],
      created_at: created,
    }),
  },
  {
    name: 'shifts',
    key: ['id'],
    columns: columns({
      id,
      timetable_id: ['id', 'timetables.id; empty: weekly hours'],
      practitioner_id: ['id', 'practitioners.id'],
      location_id: ['id', 'locations.id'],
      weekday: ['number', 'ISO weekday, 1 is Monday'],
      starts_min: ['number', 'minutes after local midnight'],
      ends_min: ['number', 'minutes after local midnight, above 1440 on the next day'],
      valid_from: ['time', 'first day, local'],
      valid_to: ['time', 'last day, local'],
      created_at: created,
    }),
  },
  {
    name: 'closures',
    key: ['id'],
    columns: columns({
      id,
      practitioner_id: ['id', 'practitioners.id; empty: everybody'],
      location_id: ['id', 'locations.id; empty: everywhere'],
      starts_at: at('start'),
      ends_at: at('end'),
      reason: ['text', 'why'],
      shown: ['flag', 'true: patients are told why'],
      names: ['json', 'what a holiday is called, by language'],
      created_at: created,
    }),
  },
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
  {
    name: 'series',
    key: ['id'],
    columns: columns({
      id,
      every: ['text', 'day, week or month'],
      step: ['number', 'every how many'],
      weekdays: ['text', 'ISO weekdays of a weekly series, with commas between'],
      month_by: ['text', 'of a monthly series: date (same day of the month) or weekday (the same of its weekdays)'],
      visits: ['number', 'how many visits were booked'],
      last_change: ['json', 'what was last done to several of its visits at once'],
      created_at: created,
    }),
  },
  {
    name: 'appointments',
    key: ['id'],
    // Places held for a few minutes while somebody types are no visits yet.
    only: `status <> 'pending'`,
    columns: columns({
      id,
      reference: ['text', 'what patients call it by'],
      practitioner_id: ['id', 'practitioners.id'],
      service_id: ['id', 'services.id'],
      location_id: ['id', 'locations.id'],
      patient_id: ['id', 'patients.id'],
      status: ['text', 'booked, arrived, in_room, fulfilled, cancelled, noshow'],
      starts_at: at('start'),
      ends_at: at('end'),
      occupied_from: at('start with the buffer before'),
      occupied_to: at('end with the buffer after'),
      lane: ['number', 'place in a group; above 1000: squeezed in'],
      capacity: ['number', 'people at one time'],
      overbooked: ['flag', 'squeezed in by staff'],
      overbook_reason: ['text', 'why it was squeezed in'],
      resized: ['flag', 'made longer or shorter than its service'],
      record_kept: ['flag', 'tied to a medical record'],
      identity_erased_at: at('when its patient was forgotten, once the period for that was over'),
      source: ['text', 'online or desk'],
      language: ['text', 'language of its messages'],
      messages_wanted: ['flag', 'whether messages may be sent about it'],
      price_minor: ['number', 'price in the smallest unit of the currency'],
      currency: ['text', 'ISO 4217'],
      note: ['sealed', 'note'],
      answers: ['sealedJson', 'what was asked at booking and answered, JSON'],
      version: ['number', 'grows with every change'],
      link_version: ['number', 'grows when its links are renewed'],
      calendar_sequence: ['number', 'grows with every change of a calendar entry'],
      created_at: created,
      booked_at: at('when it was booked'),
      confirmed_at: at('when the patient confirmed'),
      arrived_at: at('when the patient arrived'),
      in_room_at: at('when the patient was called in'),
      fulfilled_at: at('when it was done'),
      noshow_at: at('when it was marked as missed'),
      cancelled_at: at('when it was cancelled'),
      cancelled_by: ['text', 'patient or clinic'],
      cancel_reason: ['text', 'why it was cancelled'],
      previous_status: ['text', 'status before the last step, for undoing it'],
      series_id: ['id', 'series.id, of a repeat visit'],
      series_index: ['number', 'which of its series, from 1'],
      series_of: ['number', 'of how many'],
    }),
  },
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
  {
    name: 'appointment_resources',
    key: ['appointment_id', 'resource_id'],
    // As of their visits: places held for a few minutes are none.
    only: `exists (select from clinic.appointments a where a.clinic_id = appointment_resources.clinic_id
      and a.id = appointment_id and a.status <> 'pending')`,
    columns: columns({
      appointment_id: ['id', 'appointments.id'],
      resource_id: ['id', 'resources.id'],
      practitioner_id: ['id', 'practitioners.id'],
      session: ['text', 'service, place and start of the visit'],
      occupied_from: at('start with the buffer before'),
      occupied_to: at('end with the buffer after'),
      occupies: ['flag', 'false: the visit was cancelled or missed, and the room is free'],
    }),
  },
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
