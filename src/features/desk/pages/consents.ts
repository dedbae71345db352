import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listConsents } from '../../consents/queries.ts'
import {
  currentWordingKey,
  deskChannels,
  purposes,
  standing,
  wordingFor,
  wordingKey,
  type Consent,
} from '../../consents/rules.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import type { Patient } from '../../patients/queries.ts'

/** What a patient agreed to and how, everything they ever said, and a form for whoever may write down what they say. */
export async function consentsOf(ctx: Ctx, speaker: Speaker, patient: Patient, mayRecord: boolean) {
  const { t } = speaker
  const clinic = ctx.clinic.name
  const history = await listConsents(ctx, patient.id)
  const now = standing(history)
  const how = ({ source, channel }: Consent) => `${t(`consents.source.${source}`)}, ${t(`consents.channel.${channel}`)}`
  const messages = now.appointment_messages
  return {
    agreedAt: messages?.decision === 'permit' ? messages.decidedAt : undefined,
    stopped: await isOptedOut(ctx, patient.phone),
    purposes: purposes.map((purpose) => {
      const consent = now[purpose]
      return {
        title: t(`consents.purpose.${purpose}`),
        given: consent?.decision === 'permit',
        state: consent ? t(`consents.decision.${consent.decision}`) : t('desk.consents.never'),
        when: consent && speaker.dateTime(consent.decidedAt),
        how: consent && how(consent),
        wording: t(currentWordingKey(wordingFor(purpose, 'desk')), { clinic }),
      }
    }),
    history: history.map((consent) => ({
      title: t(`consents.purpose.${consent.purpose}`),
      decision: t(`consents.decision.${consent.decision}`),
      when: speaker.dateTime(consent.decidedAt),
      how: how(consent),
      words:
        consent.wording === null || consent.wordingVersion === null
          ? undefined
          : t(wordingKey(consent.wording, consent.wordingVersion), { clinic }),
    })),
    action: mayRecord ? `/app/${ctx.clinic.slug}/patients/${patient.id}/consents` : undefined,
    purposeOptions: purposes.map((value) => ({ value, label: t(`consents.purpose.${value}`) })),
    channelOptions: deskChannels.map((value) => ({ value, label: t(`consents.channel.${value}`) })),
  }
}
