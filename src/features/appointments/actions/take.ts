import type { AppointmentId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { findFreeSlot, type Asker, type SlotWish } from '../../availability/actions.ts'
import { deleteLapsedHolds } from '../queries/holds.ts'
import { insertAppointment, type NewAppointment } from '../queries/place.ts'
import { occupiedBy } from '../rules.ts'

/** However many rooms there are: so often another one is tried while others take them at the same moment. */
const roomRounds = 30

type Taking = Omit<NewAppointment, 'practitionerId' | 'serviceId' | 'locationId' | 'startsAt' | 'shape' | 'lane'> & {
  /** Where it is not what the service costs with this doctor. */
  priceMinor?: number | null | undefined
}

/**
 * Writes a visit or hold into a free slot, with the rooms and equipment it takes; undefined when somebody else has it.
 * Where there are several places or rooms, each round reads anew which of them others took meanwhile, until one is won or
 * nothing is left.
 */
export async function takeFreeSlot(
  ctx: Ctx,
  asker: Asker,
  wish: SlotWish,
  { priceMinor, ...taking }: Taking,
): Promise<AppointmentId | undefined> {
  for (let round = 0; ; round++) {
    const free = await findFreeSlot(ctx, asker, wish)
    if (!free) return undefined
    const { service, slot } = free
    const { lane, resourceIds = [] } = slot
    const rounds = (service.capacity === 1 ? 0 : service.capacity) + (resourceIds.length === 0 ? 0 : roomRounds)
    if (round > rounds) return undefined
    const { from, to } = occupiedBy(wish.startsAt, service)
    await deleteLapsedHolds(ctx, [{ practitionerId: wish.practitionerId, from, to, resourceIds }])
    const shape = priceMinor === undefined ? service : { ...service, priceMinor }
    const taken = await insertAppointment(ctx, { ...taking, ...wish, shape, lane, resourceIds })
    if (taken !== undefined || rounds === 0) return taken
  }
}
