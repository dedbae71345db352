// What the tour can show of privacy: policies that are accepted, patients who asked for something by right, what people
// agreed to and took back, and a clinic that was closed and opened again. Made by the product's own actions and put where
// they would be in time.
import { closeClinic, undoClosing } from '../src/features/closing/actions.ts'
import { give, withdraw } from '../src/features/consents/actions.ts'
import { decideRequest } from '../src/features/rights/actions/decide.ts'
import { receiveRequest } from '../src/features/rights/actions/receive.ts'
import { dueOf, type RightKind, type RightsRequestId } from '../src/features/rights/rules.ts'
import { acceptPolicies } from '../src/features/policies/actions/acceptance.ts'
import type { PatientId, UserId } from '../src/kernel/ids.ts'
import { hours, type Instant } from '../src/kernel/time.ts'
import type { Actor, Clinic, Ctx } from '../src/platform/clinic-scope.ts'
import { changes, rows } from '../src/platform/db/rows.ts'
import { parseLanguage } from '../src/platform/i18n/languages.ts'
import { namesOf } from '../src/platform/policies.ts'
import type { Services } from '../src/platform/services.ts'

const origin = { requestId: 'demo' }

const words: Record<string, string> = {
  ur: 'مجھے وہ سب دکھائیں جو آپ کے پاس میرے بارے میں ہے۔',
  ar: 'أريد أن أرى كل ما لديكم عني.',
  en: 'Please show me everything you hold about me.',
}

export async function seedPrivacy(services: Services, clinic: Clinic): Promise<void> {
  const [owner] = await rows<{ userId: UserId; name: string; language: string }>(
    services.db,
    'select id as "userId", name, language from platform.users where email = ?',
    [`owner@${clinic.slug}.test`],
  )
  if (!owner) throw new Error(`${clinic.slug} has no owner`)
  const { userId, name } = owner
  const asOwner: Actor = { kind: 'user', userId, name, role: 'owner' }
  await services.policies.refresh()
  const language = parseLanguage(owner.language) ?? 'en'
  await acceptPolicies(services, origin, { userId, clinic, language }, namesOf(services.policies.published()))
  const patients = await services.inClinic(clinic, { kind: 'patient' }, origin, async (ctx) => {
    const found = await listQuiet(ctx)
    const [asks] = found
    if (asks) await ask(ctx, asks, 'access', daysAgo(ctx, 6))
    return found
  })
  await services.inClinic(clinic, asOwner, origin, async (ctx) => {
    const [, restricted, leaves, ...agree] = patients
    if (restricted) await restrict(ctx, services, restricted)
    if (leaves) {
      const said = { patientId: leaves.id, channel: 'web', source: 'patient_page' } as const
      await give(ctx, { ...said, purpose: 'feedback', at: daysAgo(ctx, 40), language: leaves.language })
      await withdraw(ctx, { ...said, purpose: 'feedback', at: daysAgo(ctx, 9) })
      await withdraw(ctx, { ...said, purpose: 'appointment_messages', at: daysAgo(ctx, 9) })
    }
    for (const [number, { id: patientId, language }] of agree.entries()) {
      const said = { patientId, purpose: 'feedback', channel: 'in_person', source: 'desk' } as const
      await give(ctx, { ...said, at: daysAgo(ctx, 5 + 3 * number), language })
    }
  })
  if (clinic.slug === 'nour-dental') await closeAndReopen(services, clinic, asOwner)
}

const daysAgo = (ctx: Ctx, days: number) => ctx.now.subtract(hours(days * 24))

type Quiet = { id: PatientId; language: 'en' | 'ar' | 'ur' }

/** Patients who were here and have nothing ahead, so that the day's work is as full as before. */
async function listQuiet(ctx: Ctx): Promise<Quiet[]> {
  const found = await rows<{ id: PatientId; language: string }>(
    ctx.db,
    `select p.id, p.language from clinic.patients p
     where p.clinic_id = ? and not exists
         (select from clinic.appointments a where a.clinic_id = ? and a.patient_id = p.id and a.starts_at > ?)
     order by (select count(*) from clinic.appointments a
       where a.clinic_id = ? and a.patient_id = p.id and a.status = 'fulfilled') desc, p.id limit 8`,
    [ctx.clinic.id, ctx.clinic.id, daysAgo(ctx, 1), ctx.clinic.id],
  )
  return found.map(({ id, language }) => ({ id, language: parseLanguage(language) ?? 'en' }))
}

/** Asked on the patient's own page, where a code proved the number. The owners have been told since. */
async function ask(
  ctx: Ctx,
  { id: patientId, language }: Quiet,
  kind: RightKind,
  at: Instant,
): Promise<RightsRequestId> {
  const wishes = kind === 'access' ? { words: words[language] } : {}
  const asked = { kind, source: 'patient_page', language, wishes, provenOnPage: true, patientId } as const
  const received = await receiveRequest(ctx, asked)
  if (!received.ok) throw new Error('a request that is open already')
  const { id } = received.value
  await changes(
    ctx.db,
    `update clinic.rights_requests set received_at = ?, identity_at = ?, told_at = ?, due_at = ?
     where clinic_id = ? and id = ?`,
    [at, at, at, dueOf(at, ctx.clinic.zone), ctx.clinic.id, id],
  )
  return id
}

async function restrict(ctx: Ctx, services: Services, patient: Quiet): Promise<void> {
  const id = await ask(ctx, patient, 'restriction', daysAgo(ctx, 12))
  const decided = await decideRequest(ctx, services, id, {
    decision: 'done',
    parts: [],
    reasons: undefined,
    tell: false,
  })
  if (!decided.ok) throw new Error(`a restriction that was not granted: ${decided.reason}`)
}

async function closeAndReopen(services: Services, clinic: Clinic, asOwner: Actor): Promise<void> {
  await services.inClinic(clinic, asOwner, origin, async (ctx) => {
    const closed = await closeClinic(ctx, services, { reasons: ['hard'], comment: undefined, tell: 'keep' })
    const undone = closed.ok && (await undoClosing(ctx, services))
    if (!undone || !undone.ok) throw new Error('a clinic that could not be closed and opened again')
    const [asked, again] = [daysAgo(ctx, 16), daysAgo(ctx, 14)]
    await changes(
      ctx.db,
      `update platform.closings set asked_at = ?::timestamptz, undone_at = ?, undo_until = ?::timestamptz + interval '7 days',
         purge_by = ?::timestamptz + interval '30 days' where id = ?`,
      [asked, again, asked, asked, closed.value],
    )
    // What the owner was told of it has been read long since.
    await changes(
      ctx.db,
      `update platform.mails set status = 'sent', sent_at = created_at where clinic_id = ? and status = 'queued'`,
      [clinic.id],
    )
  })
}
