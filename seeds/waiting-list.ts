// Three people who wait for a time that suits them, at each of the demo's clinics.
import type { PatientId, PractitionerId, ServiceId } from '../src/kernel/ids.ts'
import { dateAt } from '../src/kernel/time.ts'
import { joinList } from '../src/features/waitlist/actions/join.ts'
import type { WaitingWish } from '../src/features/waitlist/rules.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'
import { rows } from '../src/platform/db/rows.ts'
import { parseLanguage } from '../src/platform/i18n/languages.ts'

/** Puts them on the list by the product's own action; for a clinic whose list is empty. */
export async function seedWaitingList(ctx: Ctx): Promise<void> {
  const { id: clinicId, zone } = ctx.clinic
  const waiting = await rows(ctx.db, 'select id from clinic.waiting_entries where clinic_id = ? limit 1', [clinicId])
  if (waiting.length > 0) return
  const [offer] = await rows<{ serviceId: ServiceId; practitionerId: PractitionerId }>(
    ctx.db,
    `select s.id as "serviceId", p.id as "practitionerId" from clinic.services s
     join clinic.practitioner_services ps on ps.clinic_id = ? and ps.service_id = s.id
     join clinic.practitioners p on p.clinic_id = ? and p.id = ps.practitioner_id
     where s.clinic_id = ? and s.online order by s.position, p.position limit 1`,
    [clinicId, clinicId, clinicId],
  )
  if (!offer) return
  // Nobody waits for what they have a visit for, and the last of the clinic's people are nobody else's example.
  const people = await rows<{ id: PatientId; language: string }>(
    ctx.db,
    `select p.id, p.language from clinic.patients p where p.clinic_id = ? and p.restricted_at is null
       and not exists (select from clinic.appointments a
                       where a.clinic_id = ? and a.patient_id = p.id and a.starts_at >= ?)
     order by p.id desc limit 3`,
    [clinicId, clinicId, ctx.now],
  )
  const today = dateAt(ctx.now, zone)
  const any: WaitingWish = {
    serviceId: offer.serviceId,
    practitionerIds: [],
    locationId: null,
    weekdays: [],
    parts: [],
    from: today,
    until: today.add({ days: 14 }),
  }
  const wishes: WaitingWish[] = [
    { ...any, practitionerIds: [offer.practitionerId], parts: ['evening'] },
    { ...any, weekdays: [1, 3, 6], until: today.add({ days: 21 }) },
    { ...any, parts: ['morning'], until: today.add({ days: 7 }) },
  ]
  for (const [number, { id, language }] of people.entries()) {
    const wish = wishes[number]
    if (!wish) return
    await joinList(ctx, {
      patient: { id, agreed: true },
      wish,
      language: parseLanguage(language) ?? 'en',
      source: number === 1 ? 'desk' : 'online',
    })
  }
}
