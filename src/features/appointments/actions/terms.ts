// What a booking comes to once it is known who it is for: what only new patients may book, and what a follow-up costs.
import { fold } from '../../../kernel/names.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { PractitionerId, ServiceId } from '../../../kernel/ids.ts'
import { dateAt, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { getSettings } from '../../availability/actions.ts'
import { givenBy } from '../../clinics/rules/services.ts'
import { listPatientsByPhone } from '../../patients/queries.ts'
import { findExamined, hasBeenSeen, type Examined } from '../queries/past.ts'
import { followUpStanding } from '../rules.ts'

export type Terms = {
  /** The service is for new patients, and this is none. */
  notNew: boolean
  followUp:
    | {
        standing: 'within' | 'outside'
        /** The examination it follows, or the last there was. */
        examined: Examined | undefined
        days: number
        ownPriceMinor: number | null
        fullPriceMinor: number | null
      }
    | undefined
}

const plain: Terms = { notNew: false, followUp: undefined }

/**
 * How a service stands for somebody. Whoever has been seen here before under this number and name is not new: a family that
 * shares a telephone is not held together. The examination that a follow-up follows may be anybody's of that number: the
 * clinic would rather give one for nothing too often than argue about the spelling of a name. With any doctor, any
 * doctor's examination counts.
 */
export async function termsFor(
  ctx: Ctx,
  wish: { serviceId: ServiceId; practitionerId: PractitionerId | 'any'; startsAt: Instant },
  who: { name: string; phone: Phone },
): Promise<Terms> {
  const settings = await getSettings(ctx)
  const service = settings.services.find(({ id }) => id === wish.serviceId)
  const days = service?.visitType === 'follow_up' ? service.followUpDays : null
  // Most services are for everybody at one price, and nothing is looked up for them.
  if (!service || (!service.newOnly && days === null)) return plain
  const people = await listPatientsByPhone(ctx, who.phone)
  const same = people.filter(({ name }) => fold(name) === fold(who.name)).map(({ id }) => id)
  const notNew = service.newOnly && (await hasBeenSeen(ctx, same))
  if (days === null) return { notNew, followUp: undefined }
  const examined = await findExamined(
    ctx,
    people.map(({ id }) => id),
    wish.practitionerId === 'any' ? undefined : wish.practitionerId,
    wish.startsAt,
  )
  const { zone } = ctx.clinic
  const own = wish.practitionerId === 'any' ? service : givenBy(settings, service, wish.practitionerId)
  return {
    notNew,
    followUp: {
      standing: followUpStanding(examined && dateAt(examined.at, zone), dateAt(wish.startsAt, zone), days),
      examined,
      days,
      ownPriceMinor: service.followUpPriceMinor ?? own.priceMinor,
      fullPriceMinor: own.priceMinor,
    },
  }
}

/** Whether a follow-up outside its days costs something else than within them: then the patient has to know before. */
export const costsMore = ({ followUp }: Terms): boolean =>
  followUp?.standing === 'outside' && followUp.ownPriceMinor !== followUp.fullPriceMinor
