// Answers to what somebody has just written, as free text: their message opened a window of 24 hours for it.
import type { Phone } from '../../../kernel/phone.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { linkToken } from '../../../platform/links.ts'
import { queueMessage } from '../../../platform/outbox.ts'
import type { Services } from '../../../platform/services.ts'
import { findAppointment, type Appointment } from '../../appointments/queries.ts'
import type { Lost } from '../../waitlist/actions/answer.ts'
import { findClinicPhone, findLastReply, findNextVisitOf } from '../queries/correspondence.ts'
import { buttonPayload, stopPayload } from '../rules/templates.ts'
import { buttonsText, type Button } from './compose.ts'

export type Replies = ReturnType<typeof replies>

export function replies(
  ctx: Ctx,
  { speakers, config }: Services,
  party: { phone: Phone; language: Language; heardAt: Instant },
) {
  const speaker = speakers(party.language, ctx.clinic)
  const t = (key: string, values: Record<string, string> = {}) =>
    speaker.t(`messaging.reply.${key}`, { clinic: ctx.clinic.name, ...values })
  const clinicLink = `${config.baseUrl}/c/${ctx.clinic.slug}`
  // Five minutes short of the window, for the way.
  const expiresAt = party.heardAt.add({ hours: 23, minutes: 55 })

  async function say(kind: string, text: string, more: { buttons?: Button[]; visit?: Appointment } = {}) {
    await queueMessage(ctx, {
      kind,
      template: more.buttons ? 'buttons' : 'text',
      recipient: { channel: 'whatsapp', phone: party.phone },
      language: party.language,
      appointmentId: more.visit?.id ?? null,
      version: more.visit?.version ?? 0,
      ...(more.visit?.patientId == null ? {} : { patientId: more.visit.patientId }),
      dueAt: ctx.now,
      expiresAt,
      params: { text, ...(more.buttons ? { buttons: buttonsText(more.buttons) } : {}) },
    })
  }

  return {
    stopped: () => say('stop_confirmed', t('stop_confirmed')),
    resumed: () => say('start_confirmed', t('start_confirmed')),

    confirmed: (visit: Appointment) =>
      say('reply_confirmed', t('confirmed', { when: speaker.longDateTime(visit.startsAt) }), { visit }),

    async tooLate() {
      const phone = await findClinicPhone(ctx)
      await say('reply_too_late', phone === undefined ? t('too_late_no_phone') : t('too_late', { phone }))
    },

    /** How the visit stands now, for a button under a message about how it stood then. */
    async changed(visit: Appointment) {
      const text =
        visit.status === 'cancelled'
          ? t('visit_cancelled', { link: clinicLink })
          : t('changed', {
              when: speaker.longDateTime(visit.startsAt),
              link: `${config.baseUrl}/a/${linkToken(ctx, visit.id, visit.linkVersion)}`,
            })
      await say('reply_changed', text, { visit })
    },

    offerDeclined: () => say('reply_offer', t('offer_declined')),

    /** One kind answer to a yes that was refused; none to a second one, or to somebody who has the time already. */
    async offerLost(lost: Lost, reason: string) {
      if (lost.what === 'booked' || lost.what === 'told') return
      if (lost.what === 'held') return say('reply_offer', t('offer_held', { time: speaker.time(lost.until) }))
      const phone = await findClinicPhone(ctx)
      if (reason === 'limit') {
        return say('reply_offer', phone === undefined ? t('too_late_no_phone') : t('too_late', { phone }))
      }
      await say('reply_offer', t(`offer_${lost.what}`, { link: clinicLink }))
    },

    async linkGone() {
      await say('reply_auto', await autoText())
    },

    /** At most one a day: nobody is answered by a machine again and again. */
    async auto(numberHash: Buffer) {
      const last = await findLastReply(ctx, numberHash, 'reply_auto')
      if (last && last.add({ hours: 24 }).epochMilliseconds > ctx.now.epochMilliseconds) return
      await say('reply_auto', await autoText())
    },

    /** "Cancel" alone may be meant for the visit or for the messages: two buttons tell. */
    async cancelOrStop(numberHash: Buffer) {
      const id = await findNextVisitOf(ctx, numberHash)
      const visit = id && (await findAppointment(ctx, id))
      const button = (key: string, id: string): Button => ({ id, title: speaker.t(`messaging.button.${key}`) })
      const stop = button('stop_messages', stopPayload)
      if (!visit) return say('reply_ask', t('ask_stop'), { buttons: [stop] })
      const token = linkToken(ctx, visit.id, visit.linkVersion)
      const cancel = button('cancel_visit', buttonPayload('cancel', token, visit.version))
      return say('reply_ask', t('ask_cancel', { when: speaker.longDateTime(visit.startsAt) }), {
        buttons: [cancel, stop],
      })
    },
  }

  async function autoText(): Promise<string> {
    const phone = await findClinicPhone(ctx)
    return phone === undefined ? t('auto_no_phone', { link: clinicLink }) : t('auto', { link: clinicLink, phone })
  }
}
