// What is written of services: what they are, who gives them and how, what they need and ask; and rooms and equipment.
import { newId, type Id, type PractitionerId, type ServiceId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { changes, rows } from '../../../platform/db/rows.ts'
import type { Offer, Question, Resource, Service } from '../rules.ts'

export type ServiceFacts = Omit<Service, 'position' | 'active' | 'currency'>

const factsOf = (service: ServiceFacts) => [
  service.name,
  service.durationMin,
  service.bufferBeforeMin,
  service.bufferAfterMin,
  service.capacity,
  service.priceMinor,
  service.online,
  service.minNoticeMin,
  service.horizonDays,
  service.sameDay,
  service.newOnly,
  service.visitType,
  service.followUpDays,
  service.followUpPriceMinor,
]

/** Last in the order. */
export async function insertService(ctx: Ctx, service: ServiceFacts): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.services (clinic_id, id, currency, name, duration_min, buffer_before_min, buffer_after_min,
       capacity, price_minor, online, min_notice_min, horizon_days, same_day, new_only, visit_type, follow_up_days,
       follow_up_price_minor, position, created_at)
     select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, ?
     from clinic.services where clinic_id = ?`,
    [ctx.clinic.id, service.id, ctx.clinic.currency, ...factsOf(service), ctx.now, ctx.clinic.id],
  )
}

export async function updateService(ctx: Ctx, service: ServiceFacts): Promise<void> {
  await changes(
    ctx.db,
    `update clinic.services set name = ?, duration_min = ?, buffer_before_min = ?, buffer_after_min = ?, capacity = ?,
       price_minor = ?, online = ?, min_notice_min = ?, horizon_days = ?, same_day = ?, new_only = ?, visit_type = ?,
       follow_up_days = ?, follow_up_price_minor = ?
     where clinic_id = ? and id = ?`,
    [...factsOf(service), ctx.clinic.id, service.id],
  )
}

/**
 * The services a doctor gives are exactly these; ids the clinic does not have are left out by the join. Those given before
 * keep the doctor's own length and price.
 */
export async function replaceServicesOf(ctx: Ctx, id: PractitionerId, services: readonly ServiceId[]): Promise<void> {
  await changes(
    ctx.db,
    'delete from clinic.practitioner_services where clinic_id = ? and practitioner_id = ? and service_id <> all(?::uuid[])',
    [ctx.clinic.id, id, services],
  )
  await changes(
    ctx.db,
    `insert into clinic.practitioner_services (clinic_id, practitioner_id, service_id)
     select clinic_id, ?::uuid, id from clinic.services where clinic_id = ? and id = any(?::uuid[])
     on conflict do nothing`,
    [id, ctx.clinic.id, services],
  )
}

export type OwnTerms = Pick<Offer, 'practitionerId' | 'durationMin' | 'priceMinor'>

/** The doctors who give a service are exactly these, with their own lengths and prices; unknown ids are left out. */
export async function replacePractitionersOf(ctx: Ctx, id: ServiceId, offers: readonly OwnTerms[]): Promise<void> {
  await changes(ctx.db, 'delete from clinic.practitioner_services where clinic_id = ? and service_id = ?', [
    ctx.clinic.id,
    id,
  ])
  // As JSON: an array that is a mix of numbers and nulls has no other form the driver takes.
  await changes(
    ctx.db,
    `insert into clinic.practitioner_services (clinic_id, practitioner_id, service_id, duration_min, price_minor)
     select p.clinic_id, p.id, ?::uuid, given.duration_min, given.price_minor
     from jsonb_to_recordset(?::jsonb) as given (id uuid, duration_min integer, price_minor bigint)
     join clinic.practitioners p on p.clinic_id = ? and p.id = given.id`,
    [
      id,
      JSON.stringify(
        offers.map(({ practitionerId, durationMin, priceMinor }) => ({
          id: practitionerId,
          duration_min: durationMin,
          price_minor: priceMinor,
        })),
      ),
      ctx.clinic.id,
    ],
  )
}

/** What a service needs is exactly this: one of each list. Ids the clinic does not have are left out. */
export async function replaceNeedsOf(
  ctx: Ctx,
  id: ServiceId,
  needs: readonly (readonly Id<'resource'>[])[],
): Promise<void> {
  await changes(ctx.db, 'delete from clinic.service_resources where clinic_id = ? and service_id = ?', [
    ctx.clinic.id,
    id,
  ])
  const named = needs.flatMap((need, at) => need.map((resource) => ({ resource, need: at + 1 })))
  if (named.length === 0) return
  await changes(
    ctx.db,
    `insert into clinic.service_resources (clinic_id, service_id, resource_id, need)
     select r.clinic_id, ?::uuid, r.id, given.need from unnest(?::uuid[], ?::int[]) as given (id, need)
     join clinic.resources r on r.clinic_id = ? and r.id = given.id
     on conflict do nothing`,
    [id, named.map(({ resource }) => resource), named.map(({ need }) => need), ctx.clinic.id],
  )
}

export type AskedQuestion = Omit<Question, 'id' | 'serviceId'>

/**
 * What a service asks is exactly this. Answers given before keep the words they were asked in. A question that is asked in
 * the same words stays the same one, so that what somebody types under it at this moment is still an answer to it.
 */
export async function replaceQuestionsOf(ctx: Ctx, id: ServiceId, questions: readonly AskedQuestion[]): Promise<void> {
  const before = await rows<Pick<Question, 'id' | 'label'>>(
    ctx.db,
    'select id, label from clinic.service_questions where clinic_id = ? and service_id = ? order by position',
    [ctx.clinic.id, id],
  )
  const same = (wanted: AskedQuestion) => {
    const at = before.findIndex(({ label }) => label === wanted.label)
    return at < 0 ? undefined : before.splice(at, 1)[0]?.id
  }
  await changes(ctx.db, 'delete from clinic.service_questions where clinic_id = ? and service_id = ?', [
    ctx.clinic.id,
    id,
  ])
  if (questions.length === 0) return
  await changes(
    ctx.db,
    `insert into clinic.service_questions (clinic_id, id, service_id, position, kind, label, choices, required)
     select ?::uuid, given.id, ?::uuid, given.position, given.kind, given.label, given.choices, given.required
     from jsonb_to_recordset(?::jsonb)
       as given (id uuid, position integer, kind text, label text, choices jsonb, required boolean)`,
    [
      ctx.clinic.id,
      id,
      JSON.stringify(
        questions.map((question, position) => ({ ...question, id: same(question) ?? newId<'question'>(), position })),
      ),
    ],
  )
}

type ResourceFacts = Omit<Resource, 'position' | 'active'>

/** Last in the order. */
export async function insertResource(ctx: Ctx, { id, kind, name, locationId }: ResourceFacts): Promise<void> {
  await changes(
    ctx.db,
    `insert into clinic.resources (clinic_id, id, kind, name, location_id, position, created_at)
     select ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, ? from clinic.resources where clinic_id = ?`,
    [ctx.clinic.id, id, kind, name, locationId, ctx.now, ctx.clinic.id],
  )
}

export async function updateResource(ctx: Ctx, { id, kind, name, locationId }: ResourceFacts): Promise<void> {
  await changes(
    ctx.db,
    'update clinic.resources set kind = ?, name = ?, location_id = ? where clinic_id = ? and id = ?',
    [kind, name, locationId, ctx.clinic.id, id],
  )
}
