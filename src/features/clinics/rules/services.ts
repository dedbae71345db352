// Services as a clinic sets them up: what each doctor makes of them, what they need, what they ask.
import type { Id, LocationId, PractitionerId, ServiceId } from '../../../kernel/ids.ts'

export const visitTypes = ['examination', 'follow_up'] as const
export type VisitType = (typeof visitTypes)[number]

/** What a service decides itself where it does not go by the rest of the clinic. */
export type ServiceRules = {
  minNoticeMin: number | null
  horizonDays: number | null
  sameDay: boolean | null
  /** For people who have not been at the clinic before. */
  newOnly: boolean
  visitType: VisitType
  /** Of follow-ups: so many days after an examination by the same doctor the visit has a price of its own. */
  followUpDays: number | null
  followUpPriceMinor: number | null
}

/** That a doctor gives a service, and where that is not as the service says: how long it takes, what it costs. */
export type Offer = {
  practitionerId: PractitionerId
  serviceId: ServiceId
  durationMin: number | null
  priceMinor: number | null
}

export const resourceKinds = ['room', 'equipment'] as const
export type ResourceKind = (typeof resourceKinds)[number]

/** A room or a piece of equipment, of which there are only so many; equipment without a place goes along to all. */
export type Resource = {
  id: Id<'resource'>
  kind: ResourceKind
  name: string
  locationId: LocationId | null
  position: number
  active: boolean
}

/** Of the resources that a service names under one number any one will do; of each number it needs one. */
export type ServiceResource = { serviceId: ServiceId; need: number; resourceId: Id<'resource'> }

export const questionKinds = ['text', 'choice', 'yes_no'] as const
export type QuestionKind = (typeof questionKinds)[number]

/** What a service asks when it is booked. */
export type Question = {
  id: Id<'question'>
  serviceId: ServiceId
  kind: QuestionKind
  label: string
  choices: string[]
  required: boolean
}

/** More than this nobody answers on a telephone. */
export const mostQuestions = 5

/** The service as this doctor gives it: with the doctor's own length and price. */
export function givenBy<S extends { id: ServiceId; durationMin: number; priceMinor: number | null }>(
  { offers }: { offers: readonly Offer[] },
  service: S,
  practitionerId: PractitionerId,
): S {
  const own = offers.find((offer) => offer.serviceId === service.id && offer.practitionerId === practitionerId)
  if (!own || (own.durationMin === null && own.priceMinor === null)) return service
  return {
    ...service,
    durationMin: own.durationMin ?? service.durationMin,
    priceMinor: own.priceMinor ?? service.priceMinor,
  }
}

type Window = { minNoticeMin: number; horizonDays: number; sameDay: boolean }

/** How soon and how far ahead patients may book a service: by its own rules, else by the clinic's. */
export function bookingWindow(
  profile: Window,
  service: Pick<ServiceRules, 'minNoticeMin' | 'horizonDays' | 'sameDay'> | undefined,
): Window {
  return {
    minNoticeMin: service?.minNoticeMin ?? profile.minNoticeMin,
    horizonDays: service?.horizonDays ?? profile.horizonDays,
    sameDay: service?.sameDay ?? profile.sameDay,
  }
}

/**
 * What a visit of a service takes: for each of its needs the resources in use of which one will do, in the order they
 * are arranged. A need of which none is in use can't be met, so nothing can be booked: a list of nothing says so.
 */
export function needsOf<R extends Pick<Resource, 'id' | 'active'>>(
  setup: { resources: readonly R[]; serviceResources: readonly ServiceResource[] },
  serviceId: ServiceId,
): R[][] {
  const named = setup.serviceResources.filter((one) => one.serviceId === serviceId)
  return [...new Set(named.map(({ need }) => need))]
    .sort((a, b) => a - b)
    .map((need) =>
      setup.resources.filter(
        ({ id, active }) => active && named.some((one) => one.need === need && one.resourceId === id),
      ),
    )
}

/** The fields of question `number`, from 1. */
export const questionFields = (number: number) => ({
  label: `q${number}_label`,
  kind: `q${number}_kind`,
  choices: `q${number}_choices`,
  required: `q${number}_required`,
})

/** Of one doctor: a length and a price of their own. */
export const ownFields = (id: string) => ({ minutes: `minutes_${id}`, price: `price_${id}` })
