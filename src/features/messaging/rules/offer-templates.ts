// The message about a time that came free, for somebody on the waiting list: yes, no, and a link where the same can be
// said. It names no service, and says that nothing is held for anybody.
import { parseId } from '../../../kernel/ids.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Translate } from '../../../platform/i18n/translate.ts'
import type { OfferId } from '../../waitlist/rules.ts'
import { cleanParameter } from './templates.ts'

/** `sooner`: a yes moves the visit they have. */
export const offerTemplates = ['nabz_waitlist_offer', 'nabz_waitlist_sooner'] as const
export type OfferTemplate = (typeof offerTemplates)[number]

export type OfferValues = { clinic: string; when: string; doctor: string; address: string; until: string }

// In the order of the placeholders.
const keys = ['clinic', 'when', 'doctor', 'address', 'until'] as const
const lengths: Record<keyof OfferValues, number> = { clinic: 80, when: 80, doctor: 80, address: 200, until: 40 }
const samples: OfferValues = {
  clinic: 'Shifa Clinic',
  when: 'Tuesday 24 November, 4:30 pm',
  doctor: 'Dr Sana Malik',
  address: 'Gulshan-e-Iqbal, Karachi',
  until: '1:30 pm',
}

export function isOfferTemplate(name: string): name is OfferTemplate {
  return offerTemplates.some((template) => template === name)
}

const cleaned = (values: OfferValues) =>
  Object.fromEntries(keys.map((key) => [key, cleanParameter(values[key], lengths[key])])) as OfferValues

/** The message as the person reads it. */
export const offerText = (name: OfferTemplate, t: Translate, values: OfferValues): string =>
  t(`messaging.template.${name}.body`, cleaned(values))

/** What goes over the wire; `token` is the link of their place on the list. */
export function offerTemplateMessage(
  name: OfferTemplate,
  language: Language,
  values: OfferValues,
  to: { offer: string; token: string },
): Record<string, unknown> {
  const clean = cleaned(values)
  const text = (value: string) => ({ type: 'text', text: value })
  const reply = (index: number, wish: OfferPress['wish']) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: String(index),
    parameters: [{ type: 'payload', payload: `${wish}:${to.offer}` }],
  })
  return {
    name,
    language: { code: language },
    components: [
      { type: 'body', parameters: keys.map((key) => text(clean[key])) },
      reply(0, 'accept'),
      reply(1, 'decline'),
      { type: 'button', sub_type: 'url', index: '2', parameters: [text(to.token)] },
    ],
  }
}

export type OfferPress = { wish: 'accept' | 'decline'; offer: OfferId }

/** What a tap on yes or no sends back. */
export function parseOfferPayload(payload: string): OfferPress | undefined {
  const [wish, id, more] = payload.split(':')
  const offer = parseId<'waiting_offer'>(id)
  if ((wish !== 'accept' && wish !== 'decline') || offer === undefined || more !== undefined) return undefined
  return { wish, offer }
}

/** What to register with WhatsApp. */
export function offerDefinitions(language: Language, t: Translate, baseUrl: string): Record<string, unknown>[] {
  const placeholders = Object.fromEntries(keys.map((key, at) => [key, `{{${at + 1}}}`]))
  return offerTemplates.map((name) => ({
    name,
    language,
    category: 'UTILITY',
    // An offer stands for half an hour as a rule: on a phone that comes back later it would be a disappointment.
    message_send_ttl_seconds: 1_800,
    parameter_format: 'POSITIONAL',
    components: [
      {
        type: 'BODY',
        text: t(`messaging.template.${name}.body`, placeholders),
        example: { body_text: [keys.map((key) => samples[key])] },
      },
      { type: 'FOOTER', text: t('messaging.template.footer') },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: t('messaging.button.offer_yes') },
          { type: 'QUICK_REPLY', text: t('messaging.button.offer_no') },
          {
            type: 'URL',
            text: t('messaging.button.offer_open'),
            url: `${baseUrl}/w/{{1}}`,
            example: [`${baseUrl}/w/mUq0Zk3nR8t2Vx5yB7cD9eF1gH4jK6mN`],
          },
        ],
      },
    ],
  }))
}
