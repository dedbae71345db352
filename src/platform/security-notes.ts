// What is written down of people and programs at doors that are not theirs. Counted, so that whoever tries all day fills
// no log: some entries an hour say the same.
import type { ClinicId, UserId } from '../kernel/ids.ts'
import type { Permission } from '../kernel/permissions.ts'
import type { ApiClientId } from './api-tokens.ts'
import { auditPlatform } from './audit.ts'
import type { Origin } from './clinic-scope.ts'
import type { Services } from './services.ts'
import { addressBlock, throttle } from './throttle.ts'

type Tools = Pick<Services, 'db' | 'keys' | 'clock'>

const deniedPerPerson = { purpose: 'note-denied', max: 6, per: { minutes: 60 } }
const forgedPerAddress = { purpose: 'note-forged', max: 6, per: { minutes: 60 } }
const forgedInAll = { purpose: 'note-forged-all', max: 60, per: { minutes: 60 } }

/** Somebody of a clinic asked for what their role does not allow. */
export async function noteDenied(
  { db, keys, clock }: Tools,
  origin: Origin,
  { userId, clinicId, permission }: { userId: UserId; clinicId: ClinicId; permission: Permission },
): Promise<void> {
  const at = clock.now()
  if ((await throttle(db, keys.platform, at, deniedPerPerson, `${userId} ${clinicId}`)) !== undefined) return
  const record = { kind: 'user', id: userId }
  await auditPlatform(db, 'access.denied', { at, origin, actorId: userId, record, clinicId, details: { permission } })
}

/** A clinic's own tool asked for what its key has no scope for. */
export async function noteScopeMissing(
  { db, keys, clock }: Tools,
  origin: Origin,
  { clientId, clinicId, permission }: { clientId: ApiClientId; clinicId: ClinicId; permission: Permission },
): Promise<void> {
  const at = clock.now()
  if ((await throttle(db, keys.platform, at, deniedPerPerson, clientId)) !== undefined) return
  const record = { kind: 'api_client', id: clientId }
  await auditPlatform(db, 'access.tool_denied', { at, origin, record, clinicId, details: { permission } })
}

/** A webhook whose signature is none of the provider's. */
export async function noteForged({ db, keys, clock }: Tools, origin: Origin, provider: string): Promise<void> {
  const at = clock.now()
  const block = addressBlock(origin.address ?? '')
  if ((await throttle(db, keys.platform, at, forgedPerAddress, `${provider} ${block}`)) !== undefined) return
  if ((await throttle(db, keys.platform, at, forgedInAll, provider)) !== undefined) return
  await auditPlatform(db, 'webhook.forged', { at, origin, details: { provider } })
}
