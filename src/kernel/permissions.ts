/** What people can do, in the words of the features. A route names one of these, or says `public` or `signed_in`. */
export const permissions = [
  'today.see',
  'appointments.book',
  'appointments.run', // check in, in room, done, no-show, undo
  'appointments.move', // move and cancel
  'patients.find',
  'messages.see',
  'clinic.settings', // hours, doctors, services, locations, closures, booking rules
  'staff.manage',
  'clinic.subscription', // the plan, what it costs, and paying for it
  'clinic.books', // what the clinic owes and paid: the account, invoices and receipts, only to read
  'clinic.export', // taking everything along, or everything about one patient
  'clinic.privacy', // what is kept how long, what patients ask for by right, closing the clinic
  'clinic.api', // what the clinic's own tools may see
  'clinic.log', // what everybody did, and the proof that it is all there
  // platform admins: look around; clinics and their standing; money and prices; the service itself
  'console.see',
  'console.clinics',
  'console.money',
  'console.operate',
] as const
export type Permission = (typeof permissions)[number]

export const roles = ['owner', 'doctor', 'receptionist', 'assistant', 'accountant'] as const
export type Role = (typeof roles)[number]

/** What people at a desk may be given; the rest is the platform's own. */
export const deskPermissions = permissions.filter((permission) => !permission.startsWith('console.'))

/** Who can be one of the clinic's doctors, with a diary of their own. */
export const rolesWithDiary: readonly Role[] = ['owner', 'doctor']

/** Whoever owns a clinic or reads charts there: they need a second factor, some days after they got the role. */
export const rolesThatNeedFactor: readonly Role[] = ['owner', 'doctor']
export const factorGraceDays = 7

const clinicWork: Permission[] = [
  'today.see',
  'appointments.book',
  'appointments.run',
  'appointments.move',
  'patients.find',
  'messages.see',
]

/** Whoever sits at a desk: its people, or somebody of the platform on a declared visit, who looks and changes nothing. */
export type DeskRole = Role | 'support'

/** The one table of who may do what. Deny by default: what is not listed is refused. */
const granted: Record<DeskRole | 'platform_admin', ReadonlySet<Permission>> = {
  owner: new Set<Permission>([
    ...clinicWork,
    'clinic.settings',
    'staff.manage',
    'clinic.subscription',
    'clinic.books',
    'clinic.export',
    'clinic.privacy',
    'clinic.api',
    'clinic.log',
  ]),
  doctor: new Set<Permission>(['today.see', 'appointments.run', 'patients.find', 'messages.see']),
  receptionist: new Set<Permission>(clinicWork),
  // Takes patients from the waiting room to the doctor: who comes and how far they are. Plans nothing, reads no messages.
  assistant: new Set<Permission>(['today.see', 'appointments.run', 'patients.find']),
  // Money, and never a patient.
  accountant: new Set<Permission>(['clinic.books']),
  // Looks at pages, whose forms the door refuses. Never what exports, holds secrets or a doctor's own notes.
  support: new Set<Permission>(['today.see', 'patients.find', 'messages.see', 'clinic.settings', 'staff.manage']),
  platform_admin: new Set<Permission>(['console.see', 'console.clinics', 'console.money', 'console.operate']),
}

/** Whether a role may do it. Nothing is implied: only what the table above names. */
export function allowed(role: DeskRole | 'platform_admin', permission: Permission): boolean {
  return granted[role].has(permission)
}

/** Where the work of a role begins, below the clinic's address: the first page it may see. */
export function startOf(role: DeskRole): string {
  return allowed(role, 'today.see') ? '/today' : '/books'
}

/** What a clinic's own tools may be given by an owner: each scope is a permission that people have too. */
const scopeTable = {
  'appointments.read': 'today.see',
  // Names and numbers along with the visits.
  'patients.read': 'patients.find',
} as const satisfies Record<string, Permission>
export type Scope = keyof typeof scopeTable
export const scopes = Object.keys(scopeTable) as Scope[]

/** Whether a text names something a token of the API can be given. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopeTable, text)
}

/** Whether a token of the API with these scopes may do it. */
export function scopesAllow(granted: readonly Scope[], permission: Permission): boolean {
  return granted.some((scope) => scopeTable[scope] === permission)
}
