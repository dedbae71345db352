// Who is offered which time that came free, until when, and what an answer means.
import { fold } from '../../kernel/names.ts'
import type { Id, LocationId, PractitionerId, ServiceId } from '../../kernel/ids.ts'
import { dateAt, dayBounds, timeAt, type Instant, type PlainDate, type Zone } from '../../kernel/time.ts'

export type EntryId = Id<'waiting_entry'>
export type OfferId = Id<'waiting_offer'>

export const partsOfDay = ['morning', 'afternoon', 'evening'] as const
export type PartOfDay = (typeof partsOfDay)[number]

/** As on the page of times: night hours belong to the evening before. */
export const partOf = (hour: number): PartOfDay => (hour < 12 ? 'morning' : hour < 17 ? 'afternoon' : 'evening')

export type EntryState = 'waiting' | 'booked' | 'left' | 'removed' | 'over'
export type OfferState = 'open' | 'accepted' | 'declined' | 'taken' | 'expired' | 'withdrawn'

/** What somebody waits for. Empty lists mean: whichever. */
export type WaitingWish = {
  serviceId: ServiceId
  practitionerIds: readonly PractitionerId[]
  locationId: LocationId | null
  /** 1 is Monday. */
  weekdays: readonly number[]
  parts: readonly PartOfDay[]
  from: PlainDate
  until: PlainDate
}

export type FreeSlot = {
  serviceId: ServiceId
  practitionerId: PractitionerId
  locationId: LocationId
  startsAt: Instant
  endsAt: Instant
}

/** What is looked at of a time: read off the wall once, however many people it is held against, and only if it matters. */
type Timed<Slot extends Omit<FreeSlot, 'endsAt'> = FreeSlot> = {
  slot: Slot
  at: number
  key: string
  wall: () => { weekday: number; part: PartOfDay }
}

function timed<Slot extends Omit<FreeSlot, 'endsAt'>>(slot: Slot, zone: Zone): Timed<Slot> {
  let wall: ReturnType<Timed['wall']> | undefined
  return {
    slot,
    at: slot.startsAt.epochMilliseconds,
    key: slotKey(slot),
    wall: () =>
      (wall ??= {
        weekday: dateAt(slot.startsAt, zone).dayOfWeek,
        part: partOf(timeAt(slot.startsAt, zone).hour),
      }),
  }
}

/** A wish as it is held against times, what is quickest to compare first. */
function suiting(wish: WaitingWish, zone: Zone): (time: Timed<Omit<FreeSlot, 'endsAt'>>) => boolean {
  const from = dayBounds(wish.from, zone).from.epochMilliseconds
  const to = dayBounds(wish.until, zone).to.epochMilliseconds
  return ({ slot, at, wall }) =>
    wish.serviceId === slot.serviceId &&
    (wish.practitionerIds.length === 0 || wish.practitionerIds.includes(slot.practitionerId)) &&
    (wish.locationId === null || wish.locationId === slot.locationId) &&
    at >= from &&
    at < to &&
    (wish.weekdays.length === 0 || wish.weekdays.includes(wall().weekday)) &&
    (wish.parts.length === 0 || wish.parts.includes(wall().part))
}

/** Of some times those that somebody waits for. */
export function thatSuit<Slot extends Omit<FreeSlot, 'endsAt'>>(
  wish: WaitingWish,
  slots: readonly Slot[],
  zone: Zone,
): Slot[] {
  const suits = suiting(wish, zone)
  return slots.filter((slot) => suits(timed(slot, zone)))
}

/** Nobody can answer and come in less. */
export const leastAnswerMinutes = 10

/**
 * Until when an offer stands: as long as the clinic says, at most a quarter of the time that is left until the visit, and
 * never past the moment from which it can't be booked any more. Undefined when that leaves less than ten minutes: the
 * time starts too soon to be offered to anybody.
 */
export function offerUntil(
  startsAt: Instant,
  now: Instant,
  rules: { offerMinutes: number; minNoticeMin: number },
): Instant | undefined {
  const lead = Math.floor((startsAt.epochMilliseconds - now.epochMilliseconds) / 60_000)
  const answer = Math.min(rules.offerMinutes, Math.floor(lead / 4), lead - rules.minNoticeMin)
  return answer < leastAnswerMinutes ? undefined : now.add({ minutes: answer })
}

/**
 * What a whole diary was last looked at as: its settings, and the clinic's own date. Undefined while that stands. A day
 * never comes again, whatever a process says whose clock is behind.
 */
export function lookOf(seen: string | null, settingsVersion: number, today: PlainDate): string | undefined {
  const [version = '', day = ''] = seen?.split(' ') ?? []
  const date = today.toString()
  const latest = day > date ? day : date
  return version === String(settingsVersion) && day === latest ? undefined : `${settingsVersion} ${latest}`
}

/** Which way round a time has been offered to somebody, or may not be again. */
export const slotKey = ({ practitionerId, startsAt }: Pick<FreeSlot, 'practitionerId' | 'startsAt'>): string =>
  `${practitionerId} ${startsAt.epochMilliseconds}`

export type Candidate = {
  id: EntryId
  /** The number, as one that can be compared. */
  number: string
  joinedAt: Instant
  wish: WaitingWish
  /** Only what begins before this: a visit they have already. */
  before: Instant | undefined
  /** Said STOP, took the consent back, has such a visit already, or is restricted. */
  silent: boolean
  /** How many times they were asked in the last 24 hours. */
  asked: number
  /** Times they were offered before, whatever came of it. */
  seen: ReadonlySet<string>
}

export type OpenOffer = { number: string; practitionerId: PractitionerId; startsAt: Instant; endsAt: Instant }
export type PlannedOffer = { entryId: EntryId; number: string; slot: FreeSlot }

/** However much comes free, nobody is asked more often in 24 hours than this; the desk may still ask by hand. */
export const mostADay = 3

/** Longest waiting first; who joined in the same moment by their id, so that any two processes agree. */
export function inOrder<T extends { joinedAt: Instant; id: string }>(waiting: readonly T[]): T[] {
  return [...waiting].sort(
    (a, b) => a.joinedAt.epochMilliseconds - b.joinedAt.epochMilliseconds || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  )
}

/** By service, in order of time. */
function inLine(slots: readonly FreeSlot[], zone: Zone): Map<ServiceId, Timed[]> {
  const lines = new Map<ServiceId, Timed[]>()
  for (const slot of slots) {
    const line = lines.get(slot.serviceId) ?? []
    if (line.length === 0) lines.set(slot.serviceId, line)
    line.push(timed(slot, zone))
  }
  for (const line of lines.values()) line.sort((a, b) => a.at - b.at)
  return lines
}

/** Whether a time suits somebody and they were not asked about it before. */
function offering({ wish, before, seen }: Candidate, zone: Zone): (time: Timed) => boolean {
  const suits = suiting(wish, zone)
  const end = before?.epochMilliseconds ?? Infinity
  return (time) => time.at < end && suits(time) && !seen.has(time.key)
}

export const mayBeOffered = (candidate: Candidate, slot: FreeSlot, zone: Zone): boolean =>
  offering(candidate, zone)(timed(slot, zone))

/**
 * Who is offered what now. The rule of fairness: whoever has waited longest comes first, and keeps that place whatever
 * they answer, or if they don't. Each is offered the earliest free time that suits them, never two at once (by number,
 * since a family shares one), and no time a second time. At most `most` people hold an open offer of the same time; a
 * place that is declined or runs out goes to the next in line.
 */
export function planOffers(
  candidates: readonly Candidate[],
  slots: readonly FreeSlot[],
  open: readonly OpenOffer[],
  rules: { most: number; zone: Zone },
): PlannedOffer[] {
  const lines = inLine(slots, rules.zone)
  const standing = new Map<PractitionerId, { from: number; to: number }[]>()
  for (const one of open) stand(one)
  const busy = new Set(open.map(({ number }) => number))
  const planned: PlannedOffer[] = []
  for (const candidate of inOrder(candidates)) {
    if (candidate.silent || candidate.asked >= mostADay || busy.has(candidate.number)) continue
    const may = offering(candidate, rules.zone)
    const slot = lines.get(candidate.wish.serviceId)?.find((one) => may(one) && places(one) < rules.most)?.slot
    if (!slot) continue
    planned.push({ entryId: candidate.id, number: candidate.number, slot })
    stand(slot)
    busy.add(candidate.number)
  }
  return planned

  function stand({ practitionerId, startsAt, endsAt }: Pick<OpenOffer, 'practitionerId' | 'startsAt' | 'endsAt'>) {
    const span = { from: startsAt.epochMilliseconds, to: endsAt.epochMilliseconds }
    standing.set(practitionerId, [...(standing.get(practitionerId) ?? []), span])
  }

  function places({ slot, at }: Timed) {
    const to = slot.endsAt.epochMilliseconds
    return (standing.get(slot.practitionerId) ?? []).filter((one) => one.from < to && at < one.to).length
  }
}

/** Whether anybody may still be asked about one of these times, once those who are asked now have answered. */
export function isAnybodyLeft(
  candidates: readonly Candidate[],
  slots: readonly FreeSlot[],
  planned: readonly PlannedOffer[],
  zone: Zone,
): boolean {
  const lines = inLine(slots, zone)
  const asked = new Map(planned.map(({ entryId, slot }) => [entryId, slotKey(slot)]))
  return candidates.some((candidate) => {
    const now = asked.get(candidate.id)
    if (candidate.silent || candidate.asked + (now === undefined ? 0 : 1) >= mostADay) return false
    const may = offering(candidate, zone)
    return lines.get(candidate.wish.serviceId)?.some((one) => one.key !== now && may(one)) ?? false
  })
}

const words = (list: string) => new Set(list.split(/[,\n]/).map(fold).filter(Boolean))

// Only ever read as an answer to an offer that stands; then a bare yes means one thing.
const yes = words(`
  yes, yes please, ok, okay, y, yep, yeah, sure, i will come, i'll take it, take it, accept
  نعم, نعم من فضلك, اي, ايوه, ايوا, أيوة, موافق, موافقة, تمام, اوكي, na'am, naam, aywa, tamam
  ہاں, ہاں جی, جی, جی ہاں, ٹھیک ہے, haan, han, haan ji, ji, ji haan, ji han, theek hai, thik hai
  हाँ, हां, जी, जी हाँ`)
const no = words(`
  no, no thanks, no thank you, n, nope, not now, can't, cannot
  لا, لا شكرا, لا شكراً, كلا, la, la shukran
  نہیں, جی نہیں, نہیں شکریہ, nahi, nahin, ji nahi
  नहीं, जी नहीं`)

/** What a typed answer says of an open offer, taken as a whole: never a word found somewhere in a sentence. */
export function answerIn(text: string): 'yes' | 'no' | undefined {
  if (text.length > 40) return undefined
  const folded = fold(text)
  return yes.has(folded) ? 'yes' : no.has(folded) ? 'no' : undefined
}

/** A wish without an end would be kept for ever: three months at most. */
export const longestWaitDays = 92

/** An entry and what was offered on it is erased so many days after it ended. */
export const keptDays = 30

/** `most` people are asked at once about one time, and have `minutes` to answer. */
export type WaitlistSettings = { on: boolean; most: number; minutes: number }

export const mostOffers = { min: 1, max: 10 }
export const offerMinutes = { min: 10, max: 240 }

/** An entry's link works until a day after the last day it waits for, like that of a visit. */
export const linkDays = 1
