// Every rule there is, so that what is measured is a clinic as it is: split days and a Friday break, Ramadan-like hours by
// Hijri month with the moon's correction, some dates with hours of their own, closures, lengths and prices per doctor,
// buffers, notice and horizon per service, groups, follow-ups, a question, rooms and a machine.
import { hijriOf } from '../../src/kernel/hijri.ts'
import { newId, type LocationId, type PractitionerId, type ServiceId } from '../../src/kernel/ids.ts'
import { dateAt } from '../../src/kernel/time.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { changes } from '../../src/platform/db/rows.ts'

type Setup = { locationId: LocationId; practitionerIds: PractitionerId[]; serviceIds: ServiceId[] }
type Insert = (table: string, rows: Record<string, unknown>[]) => PromiseLike<unknown>
type Hours = [fromMin: number, toMin: number][]

const weekday: Hours = [
  [9 * 60, 13 * 60],
  [13 * 60 + 30, 19 * 60],
]
const friday: Hours = [
  [9 * 60, 12 * 60 + 30],
  [14 * 60 + 30, 19 * 60],
]
const short: Hours = [[10 * 60, 16 * 60]]
const everyDay = [1, 2, 3, 4, 5, 6, 7]

/** Every doctor has something to give on each day, so that whoever books finds a time. */
export async function setAllRules(ctx: Ctx, insert: Insert, clinic: Setup): Promise<void> {
  await setHours(ctx, insert, clinic)
  await setServices(ctx, insert, clinic)
  await setRooms(ctx, insert, clinic)
}

async function setHours(ctx: Ctx, insert: Insert, { locationId, practitionerIds }: Setup): Promise<void> {
  const created_at = ctx.now
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const shifts = (practitioner_id: PractitionerId, hours: (day: number) => Hours, timetable_id?: string) =>
    everyDay.flatMap((day) =>
      hours(day).map(([starts_min, ends_min]) => ({
        id: newId(),
        practitioner_id,
        location_id: locationId,
        weekday: day,
        starts_min,
        ends_min,
        timetable_id: timetable_id ?? null,
        created_at,
      })),
    )
  await insert(
    'shifts',
    practitionerIds.flatMap((id) => shifts(id, (day) => (day === 5 ? friday : weekday))),
  )

  const hijri = hijriOf(today.add({ days: 20 }))
  const none = { valid_from: null, valid_to: null, hijri_month: null, hijri_year: null }
  const timetables = practitionerIds
    .flatMap((practitioner_id, at) => [
      { practitioner_id, ...none, kind: 'hijri_month', hijri_month: hijri.month },
      {
        practitioner_id,
        ...none,
        kind: 'dates',
        valid_from: today.add({ days: 5 + at }),
        valid_to: today.add({ days: 5 + at }),
      },
      {
        practitioner_id,
        ...none,
        kind: 'dates',
        valid_from: today.add({ days: 30 + at }),
        valid_to: today.add({ days: 33 + at }),
      },
    ])
    .map((one) => ({ ...one, id: newId(), location_id: null, name: null, created_at }))
  await insert('timetables', timetables)
  await insert(
    'shifts',
    timetables.flatMap((one) => shifts(one.practitioner_id, () => short, one.id)),
  )
  await insert('moon_corrections', [
    { id: newId(), hijri_year: hijri.year, hijri_month: hijri.month, days: 1, created_at },
  ])

  const at = (days: number, hour: number) =>
    today.add({ days }).toZonedDateTime({ timeZone: ctx.clinic.zone, plainTime: { hour } }).toInstant()
  const closed = (days: number, practitioner_id: PractitionerId | null, location_id: LocationId | null) => ({
    id: newId(),
    practitioner_id,
    location_id,
    starts_at: at(days, 15),
    ends_at: at(days, 19),
    reason: 'Closed',
    created_at,
  })
  await insert('closures', [
    closed(12, null, null),
    closed(26, null, locationId),
    ...practitionerIds.map((id, index) => closed(8 + index * 6, id, null)),
  ])
}

async function setServices(ctx: Ctx, insert: Insert, { practitionerIds, serviceIds }: Setup): Promise<void> {
  await insert(
    'practitioner_services',
    practitionerIds.flatMap((practitioner_id, doctor) =>
      serviceIds.map((service_id, at) => ({
        practitioner_id,
        service_id,
        duration_min: (doctor + at) % 4 === 3 ? 25 : null,
        price_minor: (doctor + at) % 3 === 2 ? 250_000 : null,
      })),
    ),
  )
  const set = (positions: number[], columns: string) =>
    changes(ctx.db, `update clinic.services set ${columns} where clinic_id = ? and id = any(?::uuid[])`, [
      ctx.clinic.id,
      positions.flatMap((at) => serviceIds[at] ?? []),
    ])
  await set([0, 5, 10], 'buffer_after_min = 5')
  await set([3, 7, 13], 'buffer_before_min = 10, buffer_after_min = 10')
  await set([1, 11], 'min_notice_min = 180, same_day = false')
  await set([2, 12], 'horizon_days = 60')
  await set([9, 19], 'capacity = 6')
  await set([8, 18], `visit_type = 'follow_up', follow_up_days = 14, follow_up_price_minor = 0`)
  await insert('service_questions', [
    {
      id: newId(),
      service_id: serviceIds[0],
      position: 0,
      kind: 'text',
      label: 'What brings you here?',
      choices: '[]',
      required: false,
    },
  ])
}

/** A room for each doctor, any of which will do, and one machine that two services need besides. */
async function setRooms(ctx: Ctx, insert: Insert, { locationId, practitionerIds, serviceIds }: Setup): Promise<void> {
  const rooms = practitionerIds.map((_, at) => ({
    id: newId(),
    kind: 'room',
    name: `Room ${at + 1}`,
    location_id: locationId,
    position: at,
    created_at: ctx.now,
  }))
  const machine = { ...rooms[0], id: newId(), kind: 'equipment', name: 'Ultrasound', location_id: null, position: 9 }
  await insert('resources', [...rooms, machine])
  await insert(
    'service_resources',
    serviceIds.flatMap((service_id, at) => [
      ...rooms.map((room) => ({ service_id, need: 1, resource_id: room.id })),
      ...(at % 10 === 4 ? [{ service_id, need: 2, resource_id: machine.id }] : []),
    ]),
  )
}
