// Free times as the desk picks them: a strip of days with how much is free, then the chosen day by doctor and place.
import type { AppointmentId, LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { dateAt, localInstant, Temporal, type PlainDate, type PlainTime } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { getSettings, listFreeTimes } from '../../availability/actions.ts'
import type { Slot } from '../../availability/rules.ts'
import { nearest, slotText, weekFrom, type SlotChoice } from '../rules.ts'
import type { TimesQuestion } from '../schema.ts'

type SlotButton = { value: string; time: string; label: string; note?: string; wanted?: boolean }
export type Times = {
  from: string
  date: string
  title: string
  previousWeek: string | undefined
  nextWeek: string
  days: { date: string; weekday: string; day: string; label: string; note: string; current: boolean; free: boolean }[]
  groups: { doctor: string; place: string | undefined; slots: SlotButton[] }[]
  none: boolean
  /** Where whoever finds nothing is put on the waiting list. */
  waitingHref: string | undefined
}

export type Known = {
  serviceId: ServiceId
  practitionerId: PractitionerId | 'any'
  locationId: LocationId | undefined
  /** Of a visit that was made longer or shorter. */
  durationMin?: number | undefined
}

/** A visit that is to be moved: it does not stand in its own way, and where it is now is no choice. */
export type Moving = { id: AppointmentId } & Pick<SlotChoice, 'practitionerId' | 'locationId' | 'startsAt'>

const searched = 14

/** The strip and the day's free times; without a day asked for, the first of the coming fortnight that has any. */
export async function timesOf(
  ctx: Ctx,
  speaker: Speaker,
  known: Known,
  asked: Pick<TimesQuestion, 'date' | 'from'> & { time?: PlainTime | undefined },
  moving?: Moving,
): Promise<Times> {
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const wanted = stripStart(today, asked)
  const found = await listFreeTimes(ctx, 'desk', { ...known, from: wanted, days: searched }, idsOf(moving))
  const free = (found?.days ?? []).map(({ date, slots }) => ({ date, slots: withoutNow(slots, moving) }))
  const date = asked.date ?? (asked.from ? firstFree(free.slice(0, 7)) : firstFree(free)) ?? wanted
  const from = wanted.until(date).days >= 7 ? wanted.add({ days: 7 }) : wanted
  const slotsOn = (day: PlainDate) => free.find((one) => one.date.equals(day))?.slots ?? []
  const { t } = speaker
  const earlier = today.until(from).days > 0
  return {
    from: from.toString(),
    date: date.toString(),
    title: speaker.longDate(date),
    previousWeek: earlier ? laterOf(today, from.subtract({ days: 7 })).toString() : undefined,
    nextWeek: from.add({ days: 7 }).toString(),
    days: weekFrom(from).map((day) => {
      const count = slotsOn(day).length
      const note = count === 0 ? t('desk.times.none') : t('desk.times.free', { count })
      return {
        date: day.toString(),
        weekday: day.equals(today) ? t('desk.times.today') : speaker.weekday(day),
        day: speaker.dayOfMonth(day),
        label: `${speaker.longDate(day)}: ${note}`,
        note,
        current: day.equals(date),
        free: count > 0,
      }
    }),
    groups: await groupsOf(
      ctx,
      speaker,
      known.serviceId,
      slotsOn(date),
      wantedAmong(slotsOn(date), date, asked.time, ctx),
    ),
    none: slotsOn(date).length === 0,
    waitingHref: moving ? undefined : `/app/${ctx.clinic.slug}/waiting-list/new?service=${known.serviceId}`,
  }
}

const idsOf = (moving: Moving | undefined) => (moving ? [moving.id] : [])
const withoutNow = (slots: readonly Slot[], moving: Moving | undefined) =>
  slots.filter(
    (slot) =>
      slot.startsAt !== moving?.startsAt.epochMilliseconds ||
      slot.practitionerId !== moving.practitionerId ||
      slot.locationId !== moving.locationId,
  )

function stripStart(today: PlainDate, { date, from }: Pick<TimesQuestion, 'date' | 'from'>): PlainDate {
  const start = from ?? (date && today.until(date).days >= 7 ? date : today)
  const near = date && (start.until(date).days < 0 || start.until(date).days >= searched) ? date : start
  return laterOf(today, near)
}

const laterOf = (a: PlainDate, b: PlainDate): PlainDate => (Temporal.PlainDate.compare(a, b) >= 0 ? a : b)
const firstFree = (days: readonly { date: PlainDate; slots: readonly Slot[] }[]) =>
  days.find(({ slots }) => slots.length > 0)?.date

/** As near as this to the time that was pointed at, a free time is what was meant. */
const meantMs = 30 * 60_000

/** The free time nearest to the one that was pointed at. */
function wantedAmong(slots: readonly Slot[], date: PlainDate, time: PlainTime | undefined, ctx: Ctx): Slot | undefined {
  const at = time && localInstant(date, time, ctx.clinic.zone)?.epochMilliseconds
  if (at === undefined) return undefined
  const away = (slot: Slot) => Math.abs(slot.startsAt - at)
  return slots.filter((slot) => away(slot) < meantMs).sort((a, b) => away(a) - away(b))[0]
}

async function groupsOf(
  ctx: Ctx,
  speaker: Speaker,
  serviceId: ServiceId,
  slots: readonly Slot[],
  wanted: Slot | undefined,
) {
  const { practitioners, locations } = await getSettings(ctx)
  const severalPlaces = locations.filter(({ active }) => active).length > 1
  const groups = new Map<string, Times['groups'][number]>()
  for (const slot of slots) {
    const key = `${slot.practitionerId} ${slot.locationId}`
    const doctor = practitioners.find(({ id }) => id === slot.practitionerId)?.name ?? ''
    const place = severalPlaces ? locations.find(({ id }) => id === slot.locationId)?.name : undefined
    const group = groups.get(key) ?? { doctor, place, slots: [] }
    const time = speaker.time(slot.startsAt)
    group.slots.push({
      value: slotText(choiceOf(serviceId, slot)),
      time,
      label: `${time}, ${doctor}`,
      wanted: slot === wanted,
    })
    groups.set(key, group)
  }
  return [...groups.values()]
}

const choiceOf = (serviceId: ServiceId, slot: Slot): SlotChoice => ({
  serviceId,
  practitionerId: slot.practitionerId,
  locationId: slot.locationId,
  startsAt: Temporal.Instant.fromEpochMilliseconds(slot.startsAt),
})

/** The three free times nearest to one that was just lost, as buttons. */
export async function nearestTo(
  ctx: Ctx,
  speaker: Speaker,
  lost: SlotChoice & { durationMin?: number | undefined },
  anyDoctor: boolean,
  moving?: Moving,
): Promise<SlotButton[]> {
  const { zone } = ctx.clinic
  const today = dateAt(ctx.now, zone)
  const from = laterOf(today, dateAt(lost.startsAt, zone).subtract({ days: 1 }))
  const practitionerId = anyDoctor ? 'any' : lost.practitionerId
  const { serviceId, durationMin } = lost
  const wish = { serviceId, practitionerId, locationId: undefined, from, days: 14, durationMin } as const
  const found = await listFreeTimes(ctx, 'desk', wish, idsOf(moving))
  const { practitioners } = await getSettings(ctx)
  return nearest(
    (found?.days ?? []).flatMap(({ slots }) => withoutNow(slots, moving)),
    lost,
  ).map((slot) => ({
    value: slotText(choiceOf(lost.serviceId, slot)),
    time: speaker.dateTime(slot.startsAt),
    label: speaker.longDateTime(slot.startsAt),
    note: practitioners.find(({ id }) => id === slot.practitionerId)?.name ?? '',
  }))
}
