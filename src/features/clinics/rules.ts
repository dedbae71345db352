// What a clinic has set up, and what follows from it.
import type { Id, LocationId, PractitionerId, ServiceId, UserId } from '../../kernel/ids.ts'
import type { Offer, Question, Resource, ServiceResource, ServiceRules } from './rules/services.ts'
import type { Phone } from '../../kernel/phone.ts'
import type { Instant, PlainDate, PlainTime } from '../../kernel/time.ts'
import type { MoonCorrection, Timetable } from './rules/timetables.ts'

export type { Offer, Question, Resource, ServiceResource } from './rules/services.ts'

export type CodePolicy = 'always' | 'new' | 'off'

/** What a clinic says of itself and how it takes bookings. Its name, city, zone and currency are facts of `ctx.clinic`. */
/** What a clinic does about somebody who misses visits. */
export const missedRules = ['none', 'confirm', 'call'] as const

export type Profile = {
  about: string | null
  phone: Phone | null
  whatsapp: Phone | null
  /** What is spoken there: `spokenLanguages`, in the order of that list. */
  languages: string[]
  minNoticeMin: number
  horizonDays: number
  /** Whether patients may book for the day they book on. */
  sameDay: boolean
  slotStepMin: number
  maxOpenBookings: number
  /** What is done about people who miss visits, and after how many of late. */
  missedRule: (typeof missedRules)[number]
  missedAfter: number
  /** Keeps a waiting list that patients can join. */
  waitlist: boolean
  codePolicy: CodePolicy
  alertEmail: string | null
  quietFrom: PlainTime
  quietTo: PlainTime
  bringNote: string | null
  linkSharedAt: Instant | null
  checklistHiddenAt: Instant | null
}

export type Location = {
  id: LocationId
  name: string
  /** Empty until the clinic says where it is. */
  address: string
  mapUrl: string | null
  phone: Phone | null
  position: number
  active: boolean
}

export type Practitioner = {
  id: PractitionerId
  /** The account the doctor signs in with, if any. */
  userId: UserId | null
  name: string
  title: string | null
  position: number
  active: boolean
}

export type Service = ServiceRules & {
  id: ServiceId
  name: string
  durationMin: number
  bufferBeforeMin: number
  bufferAfterMin: number
  capacity: number
  /** Undecided prices are null: nothing is shown, which is not the same as free of charge (0). */
  priceMinor: number | null
  currency: string
  online: boolean
  position: number
  active: boolean
}

/** What can be taken out of use and put in order. */
export type Kind = 'practitioner' | 'service' | 'location' | 'resource'

/** How many of a kind the clinic's plan has room for; null is as many as one likes. */
export function planLimit(
  clinic: { practitionerLimit: number | null; locationLimit: number | null },
  kind: Kind,
): number | null {
  if (kind === 'practitioner') return clinic.practitionerLimit
  return kind === 'location' ? clinic.locationLimit : null
}

/** Weekly hours in minutes from local midnight of the ISO `weekday`; an end past 1440 is after midnight. */
export type Shift = {
  id: Id<'shift'>
  practitionerId: PractitionerId
  locationId: LocationId
  weekday: number
  startsMin: number
  endsMin: number
  validFrom?: PlainDate | undefined
  validTo?: PlainDate | undefined
}

/** Of one doctor, one location, or, with neither named, of the whole clinic. */
export type Closure = {
  id: Id<'closure'>
  startsAt: Instant
  endsAt: Instant
  reason: string
  /** Patients read the reason too: by its name in their language, where it is a holiday that has one. */
  shown: boolean
  names: HolidayNames | undefined
  practitionerId?: PractitionerId | undefined
  locationId?: LocationId | undefined
}

/** What a day is called, by language. */
export type HolidayNames = { en?: string | undefined; ar?: string | undefined; ur?: string | undefined }

/** Everything the diary rests on: what a cache keeps while the clinic's settings version stands. */
export type DiarySettings = {
  profile: Profile
  locations: Location[]
  practitioners: Practitioner[]
  services: Service[]
  offers: Offer[]
  resources: Resource[]
  serviceResources: ServiceResource[]
  questions: Question[]
  /** Weekly hours. On the dates of a timetable those of the timetable hold instead. */
  shifts: Shift[]
  timetables: Timetable[]
  moon: MoonCorrection[]
  closures: Closure[]
}

type Setup = {
  locations: readonly Pick<Location, 'id' | 'active'>[]
  practitioners: readonly Pick<Practitioner, 'id' | 'active'>[]
  services: readonly Pick<Service, 'id' | 'active' | 'online'>[]
  offers: readonly Pick<Offer, 'practitionerId' | 'serviceId'>[]
  shifts: readonly Pick<Shift, 'practitionerId' | 'locationId'>[]
  timetables?: readonly { shifts: readonly Pick<Shift, 'practitionerId' | 'locationId'>[] }[]
}

/** All hours there are, those for some dates only included: a visiting doctor may have no others. */
const hoursOf = ({ shifts, timetables = [] }: Setup) => [...shifts, ...timetables.flatMap((one) => one.shifts)]

/**
 * Whether people can book online: some doctor has hours at a location in use and gives a service that is offered online,
 * and the platform lets the clinic take bookings. Hours that are over by their dates count, so that the answer holds
 * as long as the settings do; such a page is live and says that nothing is free.
 */
export function isLive(clinic: { status: string }, setup: Setup): boolean {
  return clinic.status === 'active' && bookableOnline(setup)
}

/** Whether the clinic's plan lets it be found in the directory. */
export const mayBeListed = (clinic: { features: readonly string[] }): boolean => clinic.features.includes('directory')

/** Whether search engines and the directory may show it. */
export const isFound = (clinic: { features: readonly string[]; listed: boolean }): boolean =>
  clinic.listed && mayBeListed(clinic)

function bookableOnline(setup: Setup): boolean {
  const { locations, practitioners, services, offers } = setup
  const shifts = hoursOf(setup)
  const places = new Set(locations.filter(({ active }) => active).map(({ id }) => id))
  const online = new Set(services.filter((service) => service.active && service.online).map(({ id }) => id))
  return practitioners.some(
    ({ id, active }) =>
      active &&
      shifts.some((shift) => shift.practitionerId === id && places.has(shift.locationId)) &&
      offers.some((offer) => offer.practitionerId === id && online.has(offer.serviceId)),
  )
}

export type ChecklistStep = 'doctor' | 'service' | 'hours' | 'whatsapp' | 'share' | 'booking'
export type Checklist = {
  complete: boolean
  done: number
  total: number
  /** `path` is below the clinic's workspace; words are keys. A step without a path is done elsewhere. */
  steps: { step: ChecklistStep; done: boolean; title: string; text: string; action?: string; path?: string }[]
}

/**
 * The first-run steps and which of them are done. Messages need no connecting while the platform's own number sends
 * them, so that step is done from the start; it is listed because people wonder.
 */
export function checklistProgress(
  setup: Setup & { profile: Pick<Profile, 'linkSharedAt'> },
  hasOnlineBooking: boolean,
): Record<ChecklistStep, boolean> {
  const doctors = new Set(setup.practitioners.filter(({ active }) => active).map(({ id }) => id))
  const services = new Set(setup.services.filter(({ active }) => active).map(({ id }) => id))
  return {
    doctor: doctors.size > 0,
    service: setup.offers.some((offer) => doctors.has(offer.practitionerId) && services.has(offer.serviceId)),
    hours: hoursOf(setup).some(({ practitionerId }) => doctors.has(practitionerId)),
    whatsapp: true,
    share: setup.profile.linkSharedAt !== null,
    booking: hasOnlineBooking,
  }
}

const checklistWords: Omit<Checklist['steps'][number], 'done'>[] = [
  {
    step: 'doctor',
    title: 'clinics.checklist.doctor_title',
    text: 'clinics.checklist.doctor_text',
    action: 'clinics.checklist.doctor_action',
    path: '/settings/doctors/new',
  },
  {
    step: 'service',
    title: 'clinics.checklist.service_title',
    text: 'clinics.checklist.service_text',
    action: 'clinics.checklist.service_action',
    path: '/settings/services/new',
  },
  {
    step: 'hours',
    title: 'clinics.checklist.hours_title',
    text: 'clinics.checklist.hours_text',
    action: 'clinics.checklist.hours_action',
    path: '/settings/hours',
  },
  { step: 'whatsapp', title: 'clinics.checklist.whatsapp_title', text: 'clinics.checklist.whatsapp_text' },
  {
    step: 'share',
    title: 'clinics.checklist.share_title',
    text: 'clinics.checklist.share_text',
    action: 'clinics.checklist.share_action',
    path: '/settings/share',
  },
  { step: 'booking', title: 'clinics.checklist.booking_title', text: 'clinics.checklist.booking_text' },
]

/** The first-run checklist as Today shows it. */
export function checklistOf(progress: Record<ChecklistStep, boolean>): Checklist {
  const steps = checklistWords.map((words) => ({ ...words, done: progress[words.step] }))
  const done = steps.filter((step) => step.done).length
  return { complete: done === steps.length, done, total: steps.length, steps }
}

/** The fields of medicine a clinic can name; the words are `clinics.specialty.<code>`. */
export const specialties = [
  'general_practice', 'dental', 'physiotherapy', 'pediatrics', 'gynecology', 'dermatology', 'ophthalmology', 'ent',
  'cardiology', 'orthopedics', 'internal_medicine', 'psychiatry', 'psychology', 'nutrition', 'urology', 'neurology',
  'diabetes', 'surgery', 'laboratory', 'other',
] as const // prettier-ignore

/** Contrast of each is checked in `public/css/tokens.css`. */
export const accents = ['teal', 'blue', 'indigo', 'violet', 'rose', 'amber', 'green', 'slate'] as const

/** What doctors and patients may speak together; more than our pages do. The words are `clinics.spoken.<code>`. */
export const spokenLanguages = [
  'en', 'ar', 'ur', 'pa', 'ps', 'sd', 'hi', 'bn', 'fa', 'tr', 'fr', 'es', 'pl', 'ro', 'so',
] as const // prettier-ignore

/** How soon somebody may book online, in minutes; how often a visit may begin. */
export const noticeChoices = [0, 30, 60, 120, 240, 720, 1440, 2880, 10080] as const
export const stepChoices = [5, 10, 15, 20, 30, 45, 60] as const
export const codePolicies = ['always', 'new', 'off'] as const satisfies readonly CodePolicy[]

/** What still keeps the page from taking bookings, as the keys of sentences; empty when it is live. */
export function missingForLive(clinic: { status: string }, setup: Setup): string[] {
  if (isLive(clinic, setup)) return []
  if (clinic.status !== 'active') return ['clinics.live.paused']
  const { doctor, hours } = checklistProgress({ ...setup, profile: { linkSharedAt: null } }, false)
  const online = setup.services.some((service) => service.active && service.online)
  const missing = [
    ...(doctor ? [] : ['clinics.live.no_doctor']),
    ...(online ? [] : ['clinics.live.no_service']),
    ...(hours ? [] : ['clinics.live.no_hours']),
  ]
  // Each is there, but not for one and the same doctor.
  return missing.length > 0 ? missing : ['clinics.live.apart']
}

// What stands before a name in this trade, and would make every doctor "DR".
const nameTitles = /^(dr|prof|mr|mrs|ms|د|الدكتور|الدكتورة|دكتور|دكتورة|ڈاکٹر|پروفیسر|أ)\.?$/iu

/** One or two letters that stand for a person or clinic: `SM` for Dr Sana Malik. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  const telling = words.filter((word) => !nameTitles.test(word))
  return (telling.length > 0 ? telling : words)
    .slice(0, 2)
    .map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0].toUpperCase() ?? '')
    .join('')
}
