import type { ClinicId, Id } from '../../../kernel/ids.ts'
import type { Outcome } from '../../../kernel/outcome.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import type { Origin } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Services } from '../../../platform/services.ts'
import type { Person } from '../../../platform/web/routers.ts'
import { inviteAgain, type InviteRefusal } from '../../accounts/actions/invitations.ts'

/** Sends a new link for an invitation, in the clinic's name; its own log says who did it, and so does the platform's. */
export async function resendInvitation(
  services: Services,
  origin: Origin,
  person: Pick<Person, 'userId' | 'name'>,
  clinicId: ClinicId,
  id: Id<'invitation'>,
): Promise<Outcome<Id<'invitation'>, InviteRefusal>> {
  const clinic = (await services.clinics.byId(clinicId)) ?? notFound('clinic')
  // The clinic's door takes a person in a role; of an operator it learns the name, and the platform's log the rest.
  const actor = { kind: 'user', userId: person.userId, name: person.name, role: 'owner' } as const
  return services.inClinic(clinic, actor, origin, async (ctx) => {
    const sent = await inviteAgain(ctx, services, id)
    if (sent.ok) {
      await auditPlatform(ctx.db, 'invitation.sent_again', {
        at: ctx.now,
        origin,
        actorId: person.userId,
        clinicId,
        record: { kind: 'invitation', id: sent.value },
      })
    }
    return sent
  })
}
