import { isolated } from '../../../kernel/names.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { costsMore, termsFor } from '../../appointments/actions/terms.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import type { Patient } from '../../patients/queries.ts'
import type { Known } from './times.ts'

export type DeskTerms = { notes: string[]; asFollowUp: string | undefined }

/**
 * What the desk should know before it books this service for this person, and may overrule: that it is for new patients,
 * which examination a follow-up follows, what it costs then.
 */
export async function deskTerms(
  ctx: Ctx,
  speaker: Speaker,
  settings: DiarySettings,
  known: Known,
  patient: Patient | undefined,
): Promise<DeskTerms | undefined> {
  const { t } = speaker
  const service = settings.services.find(({ id }) => id === known.serviceId)
  if (!service || (!service.newOnly && service.visitType !== 'follow_up')) return undefined
  const newOnly = service.newOnly ? [t('desk.terms.new_only')] : []
  if (!patient) return { notes: newOnly, asFollowUp: undefined }
  const terms = await termsFor(ctx, { ...known, startsAt: ctx.now }, patient)
  const price = (minor: number | null) =>
    minor === null ? t('desk.terms.no_price') : isolated(speaker.money({ minor, currency: service.currency }))
  const { followUp } = terms
  const notes = terms.notNew ? [t('desk.terms.not_new')] : newOnly
  if (!followUp) return { notes, asFollowUp: undefined }
  const { examined, ownPriceMinor, fullPriceMinor } = followUp
  return {
    notes: [
      ...notes,
      examined
        ? t(`desk.terms.${followUp.standing}`, {
            doctor: isolated(examined.doctor),
            date: speaker.date(examined.at),
            price: price(followUp.standing === 'within' ? ownPriceMinor : fullPriceMinor),
          })
        : t('desk.terms.never', { price: price(fullPriceMinor) }),
    ],
    asFollowUp: costsMore(terms) ? t('desk.terms.as_follow_up', { price: price(ownPriceMinor) }) : undefined,
  }
}
