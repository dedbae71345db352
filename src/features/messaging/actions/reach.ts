// Whom a message would not reach, asked before one is written.
import type { PatientId } from '../../../kernel/ids.ts'
import type { Phone } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { recipientHash } from '../../../platform/outbox.ts'
import { listDenials } from '../../consents/queries.ts'
import { listOptOuts } from '../queries/opt-outs.ts'
import { isStopped } from '../rules/opt-outs.ts'
import { senderOf } from './outcome.ts'

/** Those of these people who said STOP, or took back their consent to messages about visits. */
export async function listUnreached(
  ctx: Ctx,
  people: readonly { patientId: PatientId; phone: Phone }[],
): Promise<Set<PatientId>> {
  if (people.length === 0) return new Set()
  const hashed = people.map(({ patientId, phone }) => ({
    patientId,
    hash: recipientHash(ctx, { channel: 'whatsapp', phone }),
  }))
  const [optOuts, denied] = await Promise.all([
    listOptOuts(
      ctx.db,
      senderOf({ channel: 'whatsapp' }),
      hashed.map(({ hash }) => hash),
    ),
    listDenials(
      ctx,
      people.map(({ patientId }) => patientId),
      'appointment_messages',
    ),
  ])
  const stopped = hashed.filter(({ hash }) => isStopped(optOuts.get(hash.toString('hex'))))
  return new Set([...denied, ...stopped.map(({ patientId }) => patientId)])
}
