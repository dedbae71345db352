import { audit, type AuditDetails } from '../../../platform/audit.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getProfile } from '../queries.ts'
import {
  updateBookingPolicy,
  updateChecklistHidden,
  updateClinicFacts,
  updateLinkShared,
  updateProfile,
} from '../queries/write.ts'
import { mayBeListed } from '../rules.ts'
import type { ProfileForm, RulesForm } from '../schema.ts'

/** Changes what the clinic says of itself. Its address and its time zone stay: links and booked times rest on them. */
export async function changeProfile(ctx: Ctx, form: ProfileForm): Promise<void> {
  const { clinic } = ctx
  const facts = {
    name: form.name,
    city: form.city,
    specialty: form.specialty ?? clinic.specialty,
    language: form.language ?? clinic.language,
    accent: form.accent ?? clinic.accent,
    // A plan without the directory has no such box, which is not the same as an empty one.
    listed: mayBeListed(clinic) ? form.listed : clinic.listed,
  }
  const profile = {
    about: form.about ?? null,
    phone: form.phone ?? null,
    whatsapp: form.whatsapp ?? null,
    languages: [...form.languages],
    bringNote: form.bring_note ?? null,
  }
  const before = { ...(await getProfile(ctx)), ...clinic }
  await updateClinicFacts(ctx, facts)
  await updateProfile(ctx, profile)
  await audit(ctx, 'profile.changed', record(ctx), { fields: differing(before, { ...facts, ...profile }) })
  ctx.settingsChanged()
}

export async function changeBookingPolicy(ctx: Ctx, form: RulesForm): Promise<void> {
  const before = await getProfile(ctx)
  const policy = {
    minNoticeMin: form.notice,
    horizonDays: form.horizon,
    sameDay: !form.no_same_day,
    slotStepMin: form.step,
    codePolicy: form.code ?? before.codePolicy,
    maxOpenBookings: form.max_open,
    missedRule: form.missed_rule ?? before.missedRule,
    missedAfter: form.missed_after === undefined ? before.missedAfter : Number(form.missed_after),
    alertEmail: form.alert_email ?? null,
    quietFrom: form.quiet_from,
    quietTo: form.quiet_to,
  }
  await updateBookingPolicy(ctx, policy)
  const { alertEmail, quietFrom, quietTo, ...plain } = policy
  const details: AuditDetails = { ...plain, quietFrom: quietFrom.toString(), quietTo: quietTo.toString() }
  await audit(ctx, 'booking_rules.changed', record(ctx), details, { alertEmail })
  ctx.settingsChanged()
}

/** Remembers that the link is out. Said again it changes nothing. */
export async function markLinkShared(ctx: Ctx): Promise<void> {
  if (await updateLinkShared(ctx)) {
    await audit(ctx, 'link.shared', record(ctx))
    ctx.settingsChanged()
  }
}

export async function hideChecklist(ctx: Ctx, hidden: boolean): Promise<void> {
  await updateChecklistHidden(ctx, hidden)
  await audit(ctx, hidden ? 'checklist.hidden' : 'checklist.shown', record(ctx))
  ctx.settingsChanged()
}

const record = (ctx: Ctx) => ({ kind: 'clinic', id: ctx.clinic.id })

/** The names of what differs; the contents are the clinic's own business. */
function differing(before: Record<string, unknown>, after: Record<string, unknown>): string {
  return Object.keys(after)
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .join(' ')
}
