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

export const roles = ['owner', 'doctor', 'receptionist'] as const
export type Role = (typeof roles)[number]

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
    'clinic.export',
    'clinic.privacy',
    'clinic.api',
    'clinic.log',
  ]),
  doctor: new Set<Permission>(['today.see', 'appointments.run', 'patients.find', 'messages.see']),
  receptionist: new Set<Permission>(clinicWork),
  // Looks at pages, whose forms the door refuses. Never what exports, holds secrets or a doctor's own notes.
  support: new Set<Permission>(['today.see', 'patients.find', 'messages.see', 'clinic.settings', 'staff.manage']),
  platform_admin: new Set<Permission>(['console.see', 'console.clinics', 'console.money', 'console.operate']),
}

export function allowed(role: DeskRole | 'platform_admin', permission: Permission): boolean {
  return granted[role].has(permission)
}

/** What a clinic's own tools may be given by an owner: each scope is a permission that people have too. */
const scopeTable = {
  'appointments.read': 'today.see',
  // Names and numbers along with the visits.
  'patients.read': 'patients.find',
} as const satisfies Record<string, Permission>
export type Scope = keyof typeof scopeTable
export const scopes = Object.keys(scopeTable) as Scope[]

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopeTable, text)
}

export function scopesAllow(granted: readonly Scope[], permission: Permission): boolean {
  return granted.some((scope) => scopeTable[scope] === permission)
}
