// How many times one address may take at a clinic. A hold is somebody's in a browser, and a browser forgets who it was as
// often as it likes: only where it comes from stays. Loose, since many people share the address of a mobile network.
import type { Instant } from '../../../kernel/time.ts'
import { addressBlock, throttle, uncount } from '../../../platform/throttle.ts'
import type { Asking } from './code.ts'

const takingLimit = { purpose: 'booking-taking', max: 20, per: { minutes: 10 } }

type Taking = Pick<Asking, 'services' | 'clinic' | 'origin'>

const subjectOf = ({ clinic, origin }: Taking) => `${clinic.id} ${addressBlock(origin.address ?? '')}`

/** Counts one time to be taken; answers how many seconds to wait when there were too many. */
export function countTaking(asking: Taking, now: Instant): Promise<number | undefined> {
  const { db, keys } = asking.services
  return throttle(db, keys.platform, now, takingLimit, subjectOf(asking))
}

/** Nothing was taken after all, or another time given back for it. */
export function uncountTaking(asking: Taking, now: Instant): Promise<void> {
  const { db, keys } = asking.services
  return uncount(db, keys.platform, now, takingLimit, subjectOf(asking))
}
