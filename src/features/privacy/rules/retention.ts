// Every promise about how long something is kept (features.md A2), in one table. The job, the pages, the policy texts
// and the tests read it; what it does not say, nobody promises.
import { hours, type Instant, type Zone } from '../../../kernel/time.ts'

export type Period = { hours: number } | { days: number } | { months: number } | 'ever'

export type RetentionSettings = { bookingIdentityMonths: number; medicalRecordMonths: number }

export type RetentionRule = {
  code: string
  scope: 'clinic' | 'platform'
  after: Period
  /** Where the clinic decides; `after` is then what stands until it does. */
  setting?: keyof RetentionSettings
  ends: 'erase' | 'anonymise' | 'strip' | 'never'
  promise: string
  /** The one job that does it. */
  job: string
  /** Waits while the law forbids erasing. */
  pausable?: true
}

export const retentionRules = [
  {
    code: 'closed_clinic',
    scope: 'platform',
    after: { days: 7 },
    ends: 'erase',
    promise: 'X1',
    job: 'privacy.closing',
    pausable: true,
  },
  {
    code: 'expired_clinic',
    scope: 'platform',
    after: { days: 30 },
    ends: 'erase',
    promise: 'X2',
    job: 'privacy.closing',
    pausable: true,
  },
  {
    code: 'booking_identity',
    scope: 'clinic',
    after: { months: 24 },
    setting: 'bookingIdentityMonths',
    ends: 'anonymise',
    promise: 'X3',
    job: 'privacy.retention',
    pausable: true,
  },
  {
    code: 'medical_record',
    scope: 'clinic',
    after: { months: 120 },
    setting: 'medicalRecordMonths',
    ends: 'anonymise',
    promise: 'X3',
    job: 'privacy.retention',
    pausable: true,
  },
  {
    code: 'patients',
    scope: 'clinic',
    after: { months: 24 },
    setting: 'bookingIdentityMonths',
    ends: 'erase',
    promise: 'X3',
    job: 'privacy.retention',
    pausable: true,
  },
  { code: 'messages', scope: 'clinic', after: { days: 90 }, ends: 'erase', promise: 'X4', job: 'privacy.retention' },
  {
    code: 'inbound_messages',
    scope: 'clinic',
    after: { days: 90 },
    ends: 'erase',
    promise: 'X4',
    job: 'privacy.retention',
  },
  { code: 'holds', scope: 'clinic', after: { hours: 1 }, ends: 'erase', promise: 'X3', job: 'booking.holds' },
  { code: 'waiting', scope: 'clinic', after: { days: 30 }, ends: 'erase', promise: 'X3', job: 'privacy.retention' },
  { code: 'codes', scope: 'clinic', after: { hours: 24 }, ends: 'erase', promise: 'X3', job: 'privacy.retention' },
  {
    code: 'rights_requests',
    scope: 'clinic',
    after: { months: 24 },
    ends: 'erase',
    promise: 'X14',
    job: 'privacy.retention',
  },
  { code: 'exports', scope: 'clinic', after: { hours: 24 }, ends: 'erase', promise: '81', job: 'export.make' },
  {
    code: 'clinic_audit_origin',
    scope: 'clinic',
    after: { days: 30 },
    ends: 'strip',
    promise: 'X5',
    job: 'privacy.retention',
  },
  {
    code: 'clinic_audit',
    scope: 'clinic',
    after: { months: 12 },
    ends: 'erase',
    promise: 'X5',
    job: 'privacy.retention',
  },
  {
    code: 'platform_audit_origin',
    scope: 'platform',
    after: { days: 30 },
    ends: 'strip',
    promise: 'X5',
    job: 'privacy.retention',
  },
  {
    code: 'platform_audit',
    scope: 'platform',
    after: { months: 12 },
    ends: 'erase',
    promise: 'X5',
    job: 'privacy.retention',
  },
  // What patients wrote lies here as it came, of no clinic yet: with the seven days until a closed clinic is erased it is
  // gone before the thirtieth.
  {
    code: 'webhook_events',
    scope: 'platform',
    after: { days: 20 },
    ends: 'erase',
    promise: 'X1',
    job: 'privacy.retention',
  },
  { code: 'mails', scope: 'platform', after: { days: 90 }, ends: 'erase', promise: 'X4', job: 'privacy.retention' },
  {
    code: 'invitations',
    scope: 'platform',
    after: { days: 30 },
    ends: 'erase',
    promise: '78',
    job: 'privacy.retention',
  },
  {
    code: 'account_tokens',
    scope: 'platform',
    after: { hours: 24 },
    ends: 'erase',
    promise: '78',
    job: 'privacy.retention',
  },
  {
    code: 'appointment_links',
    scope: 'platform',
    after: { days: 30 },
    ends: 'erase',
    promise: 'X3',
    job: 'privacy.retention',
  },
  { code: 'sessions', scope: 'platform', after: { hours: 0 }, ends: 'erase', promise: 'X7', job: 'privacy.retention' },
  {
    code: 'known_browsers',
    scope: 'platform',
    after: { months: 12 },
    ends: 'erase',
    promise: '78',
    job: 'privacy.retention',
  },
  {
    code: 'throttles',
    scope: 'platform',
    after: { hours: 24 },
    ends: 'erase',
    promise: 'X5',
    job: 'privacy.retention',
  },
  {
    code: 'loose_slips',
    scope: 'platform',
    after: { hours: 24 },
    ends: 'erase',
    promise: '78',
    job: 'privacy.retention',
  },
  { code: 'slips', scope: 'platform', after: { months: 12 }, ends: 'erase', promise: '78', job: 'privacy.retention' },
  {
    code: 'requests',
    scope: 'platform',
    after: { months: 24 },
    ends: 'erase',
    promise: 'X14',
    job: 'privacy.retention',
  },
  { code: 'server_logs', scope: 'platform', after: { days: 30 }, ends: 'erase', promise: '84', job: 'logs.remove' },
  { code: 'status_checks', scope: 'platform', after: { days: 30 }, ends: 'erase', promise: '84', job: 'health.checks' },
  { code: 'job_runs', scope: 'platform', after: { days: 30 }, ends: 'erase', promise: '84', job: 'console.tidy' },
  { code: 'opt_outs', scope: 'platform', after: 'ever', ends: 'never', promise: 'X4', job: '' },
] as const satisfies readonly RetentionRule[]

export type RuleCode = (typeof retentionRules)[number]['code']

export function ruleOf(code: RuleCode): RetentionRule {
  const rule = retentionRules.find((one) => one.code === code)
  if (!rule) throw new Error(`no rule is called ${code}`)
  return rule
}

/**
 * What happened before this instant is past keeping; what happened at it is kept for this one moment more. Days and hours
 * are exact, months are those of the calendar in `zone`. Undefined: kept for ever.
 */
export function cutOff(
  rule: RetentionRule,
  now: Instant,
  zone: Zone,
  settings?: RetentionSettings,
): Instant | undefined {
  if (rule.after === 'ever') return undefined
  if ('hours' in rule.after) return now.subtract(hours(rule.after.hours))
  if ('days' in rule.after) return now.subtract(hours(rule.after.days * 24))
  const months = rule.setting === undefined || !settings ? rule.after.months : settings[rule.setting]
  return now.toZonedDateTimeISO(zone).subtract({ months }).toInstant()
}

export type ClockMemory = { seenAt: Instant; leaptAt: Instant | null }
export type ClockVerdict = { verdict: 'fine' | 'disagrees' | 'backwards' | 'leapt'; memory: ClockMemory }

/** How far two clocks, the database's or another process's, may be apart. */
const apartMs = 60_000
/** How long a pause of the service is believed, and how long a leap is waited out. */
const leapMs = 24 * 3_600_000
export const waitMs = 3_600_000

/**
 * Whether the clock may be believed. A wrong one must never erase early: clocks that disagree, or one that went back,
 * stop everything; one that is more than a day further than when it was last seen (a service that was away, or a clock
 * that leapt) is watched for an hour, during which somebody is told. `sinceLook` is what the two clocks of this process
 * counted since it last looked: by it a leap of two minutes shows.
 */
export function judgeClock(
  now: Instant,
  databaseNow: Instant,
  memory: ClockMemory | undefined,
  sinceLook?: { wallMs: number; steadyMs: number },
): ClockVerdict {
  const ms = now.epochMilliseconds
  const before = memory ?? { seenAt: now, leaptAt: null }
  if (Math.abs(databaseNow.epochMilliseconds - ms) > apartMs) return { verdict: 'disagrees', memory: before }
  const { seenAt, leaptAt } = before
  if (sinceLook && sinceLook.wallMs - sinceLook.steadyMs > apartMs) {
    return { verdict: 'leapt', memory: { seenAt, leaptAt: now } }
  }
  if (leaptAt !== null) {
    const waited = ms - leaptAt.epochMilliseconds
    // It came back to where it was before the leap, or leapt again.
    if (waited < 0 || waited > leapMs) {
      if (ms < seenAt.epochMilliseconds - apartMs) return { verdict: 'backwards', memory: before }
      const again = ms - seenAt.epochMilliseconds > leapMs
      return again
        ? { verdict: 'leapt', memory: { seenAt, leaptAt: now } }
        : { verdict: 'fine', memory: { seenAt: now, leaptAt: null } }
    }
    if (waited < waitMs) return { verdict: 'leapt', memory: before }
    return { verdict: 'fine', memory: { seenAt: now, leaptAt: null } }
  }
  if (ms < seenAt.epochMilliseconds - apartMs) return { verdict: 'backwards', memory: before }
  if (ms - seenAt.epochMilliseconds > leapMs) return { verdict: 'leapt', memory: { seenAt, leaptAt: now } }
  return { verdict: 'fine', memory: { seenAt: now, leaptAt: null } }
}

/** Each clinic is gone through so often by `privacy.retention`, which itself comes round every ten minutes. */
export const everyHours = 6
export const retentionSchedule = '40 */10 * * * *'

/** Whatever is still there a day after it should have gone is late, and somebody is told. */
export const lateHours = 24

/**
 * The periods an owner may choose. Who had which visit: no shorter than six months, within which people ask about a bill
 * or a certificate, no longer than the 24 months we promise. Records: laws ask for two years at the least where Nabz is
 * used and for up to 25 after the last visit, of children counted from their coming of age: fifty covers each of them,
 * and for ever is nobody's law.
 */
export const identityMonths = { min: 6, max: 24 }
export const recordYears = { min: 2, max: 50 }

/** A hold has an end; what is needed longer is ordered anew. */
export const longestHoldYears = 10

/** What was typed as what is stored. Years that are the present ones leave the months as they are, whatever these are. */
export function settingsOf(
  { identity, records }: { identity: number; records: number },
  before: RetentionSettings,
): RetentionSettings {
  const same = yearsOf(before.medicalRecordMonths) === records
  return {
    bookingIdentityMonths: identity,
    medicalRecordMonths: same ? before.medicalRecordMonths : records * 12,
  }
}

/** A stored number of months in the years of the form: rather kept longer than shown shorter. */
export const yearsOf = (months: number): number => Math.ceil(months / 12)

/** Of the service's own rules, those that touch nothing of a clinic. */
const notOfClinics: readonly string[] = ['throttles', 'requests', 'status_checks', 'job_runs']
export const touchesClinics = ({ code, scope }: Pick<RetentionRule, 'code' | 'scope'>): boolean =>
  scope === 'clinic' || !notOfClinics.includes(code)
