// Services as they are: an ultrasound machine that the doctors share, a room, a follow-up that is free for two weeks, what
// is asked before a visit, and a doctor who takes longer and costs more.
import { newId, type Id, type LocationId, type PractitionerId, type ServiceId } from '../src/kernel/ids.ts'
import { rows } from '../src/platform/db/rows.ts'
import type { Ctx } from '../src/platform/clinic-scope.ts'

const words = {
  en: {
    machine: 'Shockwave unit',
    room: 'Treatment room 2',
    service: 'Shockwave therapy',
    followUp: 'Follow-up',
    why: 'What would you like help with?',
    before: 'Have you had this before?',
  },
  ar: {
    machine: 'جهاز الأشعة البانورامية',
    room: 'غرفة الأشعة',
    service: 'أشعة بانورامية',
    followUp: 'متابعة',
    why: 'ما سبب الزيارة؟',
    before: 'هل لديك حساسية من البنج؟',
  },
  ur: {
    machine: 'Ultrasound · الٹراساؤنڈ',
    room: 'Ultrasound room · الٹراساؤنڈ کا کمرہ',
    service: 'Ultrasound · الٹراساؤنڈ',
    followUp: 'Follow-up',
    why: 'What is the visit about? · ملاقات کس بارے میں ہے؟',
    before: 'Have you been fasting? · کیا آپ خالی پیٹ ہیں؟',
  },
} as const

type Insert = (table: string, rows: object[]) => Promise<unknown>

export async function insertServicesAsTheyAre(ctx: Ctx): Promise<void> {
  const { clinic, now: created_at } = ctx
  const said = words[clinic.country === 'PK' ? 'ur' : clinic.country === 'EG' ? 'ar' : 'en']
  const insert: Insert = (table, list) =>
    ctx.db
      .withSchema('clinic')
      .table(table)
      .insert(list.map((row) => ({ clinic_id: clinic.id, ...row })))
  const [place] = await rows<{ id: LocationId }>(
    ctx.db,
    'select id from clinic.locations where clinic_id = ? order by position, id limit 1',
    [clinic.id],
  )
  const services = await rows<{ id: ServiceId; name: string; price: number | null }>(
    ctx.db,
    'select id, name, price_minor as price from clinic.services where clinic_id = ? order by position, id',
    [clinic.id],
  )
  const doctors = await rows<{ id: PractitionerId }>(
    ctx.db,
    'select id from clinic.practitioners where clinic_id = ? order by position, id',
    [clinic.id],
  )
  const [first] = services
  const [, second] = doctors
  if (!place || !first) return
  const [machine, room] = [newId<'resource'>(), newId<'resource'>()]
  await insert('resources', [
    { id: machine, kind: 'equipment', name: said.machine, location_id: null, position: 1, created_at },
    { id: room, kind: 'room', name: said.room, location_id: place.id, position: 2, created_at },
  ])
  const scan = newId<'service'>()
  await insert('services', [
    {
      id: scan,
      name: said.service,
      duration_min: 20,
      buffer_after_min: 5,
      price_minor: (first.price ?? 100_000) * 2,
      currency: clinic.currency,
      min_notice_min: 240,
      same_day: false,
      position: services.length + 1,
      created_at,
    },
  ])
  await insert(
    'practitioner_services',
    doctors.map(({ id }) => ({ practitioner_id: id, service_id: scan })),
  )
  await insert('service_resources', [
    { service_id: scan, need: 1, resource_id: room },
    { service_id: scan, need: 2, resource_id: machine },
  ])
  const question = (service_id: Id<'service'>, position: number, rest: object) => ({
    id: newId<'question'>(),
    service_id,
    position,
    ...rest,
  })
  await insert('service_questions', [
    question(first.id, 0, { kind: 'text', label: said.why, required: false }),
    question(scan, 0, { kind: 'yes_no', label: said.before, required: true }),
  ])
  const followUp = services.find(({ name }) => name.startsWith(said.followUp))
  if (followUp) {
    await rows(
      ctx.db,
      `update clinic.services set visit_type = 'follow_up', follow_up_days = 14, follow_up_price_minor = 0
       where clinic_id = ? and id = ? returning id`,
      [clinic.id, followUp.id],
    )
  }
  if (second) {
    await rows(
      ctx.db,
      `update clinic.practitioner_services set price_minor = ?
       where clinic_id = ? and practitioner_id = ? and service_id = ? returning service_id`,
      [Math.round((first.price ?? 100_000) * 1.2), clinic.id, second.id, first.id],
    )
  }
}
