// The message templates: what is registered with WhatsApp, what is sent, and how it reads. One place, so that the three
// can't drift apart.
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Translate } from '../../../platform/i18n/translate.ts'

export type VisitTemplate =
  | 'nabz_confirmation'
  | 'nabz_reminder'
  | 'nabz_moved'
  | 'nabz_cancelled'
  // Of a day that went wrong: the doctor is late, or away. Each leads to other times.
  | 'nabz_late'
  | 'nabz_rearranged'
  | 'nabz_called_off'

const visitTemplates: readonly VisitTemplate[] = [
  'nabz_confirmation',
  'nabz_reminder',
  'nabz_moved',
  'nabz_cancelled',
  'nabz_late',
  'nabz_rearranged',
  'nabz_called_off',
]

/** The button that opens the visit, or at once the times it could be moved to: what stands behind the patient's link. */
const linkButtons: Partial<Record<VisitTemplate, { key: 'open' | 'find_time'; path: '' | '/move' }>> = {
  nabz_late: { key: 'find_time', path: '/move' },
  nabz_rearranged: { key: 'find_time', path: '/move' },
  nabz_called_off: { key: 'find_time', path: '/move' },
}
const linkButton = (name: VisitTemplate) => linkButtons[name] ?? ({ key: 'open', path: '' } as const)

/** What leads on from a message: for mail, which has no buttons. */
export const leadsTo = (name: VisitTemplate, token: string): string => `${token}${linkButton(name).path}`
export const leadsToTimes = (name: VisitTemplate): boolean => linkButton(name).key === 'find_time'

/** Nothing left to confirm or to cancel. */
const isOver = (name: VisitTemplate): boolean => name === 'nabz_cancelled' || name === 'nabz_called_off'

/** Nothing here says what a visit is for: neither service nor speciality, and not the patient's name. */
export type VisitValues = { clinic: string; when: string; doctor: string; address: string }

/** What buttons carry: `token` is the patient's link, `version` the visit's as this message tells of it. */
export type ButtonValues = { token: string; version: number; slug: string }

// In the order of the placeholders {{1}}, {{2}} … of each text.
const parameters: Record<VisitTemplate, readonly (keyof VisitValues)[]> = {
  nabz_confirmation: ['clinic', 'when', 'doctor', 'address'],
  nabz_reminder: ['clinic', 'when', 'doctor', 'address'],
  nabz_moved: ['clinic', 'when', 'doctor', 'address'],
  nabz_cancelled: ['clinic', 'when'],
  nabz_late: ['clinic', 'when', 'doctor', 'address'],
  nabz_rearranged: ['clinic', 'when', 'doctor', 'address'],
  nabz_called_off: ['clinic', 'when'],
}
const samples: VisitValues = {
  clinic: 'Shifa Clinic',
  when: 'Tuesday 24 November, 4:30 pm',
  doctor: 'Dr Sana Malik',
  address: 'Gulshan-e-Iqbal, Karachi',
}
const lengths: Record<keyof VisitValues, number> = { clinic: 80, when: 80, doctor: 80, address: 200 }

export function isVisitTemplate(name: string): name is VisitTemplate {
  return visitTemplates.some((template) => template === name)
}

/**
 * A value as WhatsApp accepts it in a template: one line, no runs of spaces, no control or direction-override
 * characters, never empty, not too long. Addresses of web pages are taken out: no clinic's name becomes a link in a
 * message of ours.
 */
export function cleanParameter(text: string, max: number): string {
  const clean = text
    .normalize('NFC')
    .replace(/(https?:\/\/|www\.)\S*/gi, ' ')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const letters = [...clean]
  if (letters.length === 0) return '–'
  return letters.length <= max ? clean : `${letters.slice(0, max - 1).join('')}…`
}

const cleaned = (values: VisitValues): VisitValues => ({
  clinic: cleanParameter(values.clinic, lengths.clinic),
  when: cleanParameter(values.when, lengths.when),
  doctor: cleanParameter(values.doctor, lengths.doctor),
  address: cleanParameter(values.address, lengths.address),
})

/** The text of a visit's message as the person reads it. */
export function bodyText(name: VisitTemplate, t: Translate, values: VisitValues): string {
  return t(`messaging.template.${name}.body`, cleaned(values))
}

/** What goes into `template` of a message to send. */
export function visitTemplateMessage(
  name: VisitTemplate,
  language: Language,
  values: VisitValues,
  buttons: ButtonValues,
): Record<string, unknown> {
  const clean = cleaned(values)
  const text = (value: string) => ({ type: 'text', text: value })
  const reply = (index: number, payload: string) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: String(index),
    parameters: [{ type: 'payload', payload }],
  })
  const link = (index: number, suffix: string) => ({
    type: 'button',
    sub_type: 'url',
    index: String(index),
    parameters: [text(suffix)],
  })
  const { token, version, slug } = buttons
  return {
    name,
    language: { code: language },
    components: [
      { type: 'body', parameters: parameters[name].map((key) => text(clean[key])) },
      ...(isOver(name)
        ? [link(0, name === 'nabz_cancelled' ? slug : leadsTo(name, token))]
        : [
            reply(0, buttonPayload('confirm', token, version)),
            reply(1, buttonPayload('cancel', token, version)),
            link(2, leadsTo(name, token)),
          ]),
    ],
  }
}

/** The code goes in twice: into Meta's fixed text, and behind the button that copies it. */
export function codeTemplateMessage(language: Language, code: string): Record<string, unknown> {
  const parameters = [{ type: 'text', text: code }]
  return {
    name: 'nabz_code',
    language: { code: language },
    components: [
      { type: 'body', parameters },
      { type: 'button', sub_type: 'url', index: '0', parameters },
    ],
  }
}

/** That a request about somebody's data was answered; the answer itself is behind the button. */
export function answerTemplateMessage(language: Language, clinic: string, suffix: string): Record<string, unknown> {
  const text = (value: string) => [{ type: 'text', text: value }]
  return {
    name: 'nabz_answer',
    language: { code: language },
    components: [
      { type: 'body', parameters: text(cleanParameter(clinic, lengths.clinic)) },
      { type: 'button', sub_type: 'url', index: '0', parameters: text(suffix) },
    ],
  }
}

export const answerText = (t: Translate, clinic: string): string =>
  t('messaging.template.nabz_answer.body', { clinic: cleanParameter(clinic, lengths.clinic) })

/** What to register with `POST /{waba}/message_templates`, once per language. */
export function templateDefinitions(
  languages: readonly Language[],
  translate: (language: Language) => Translate,
  baseUrl: string,
): Record<string, unknown>[] {
  return languages.flatMap((language) => {
    const t = translate(language)
    return [
      codeDefinition(language, t),
      ...visitTemplates.map((name) => visitDefinition(name, language, t, baseUrl)),
      answerDefinition(language, t, baseUrl),
    ]
  })
}

function codeDefinition(language: Language, t: Translate) {
  return {
    name: 'nabz_code',
    language,
    category: 'AUTHENTICATION',
    // Not longer than the code itself is good for.
    message_send_ttl_seconds: 300,
    components: [
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 5 },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: t('messaging.button.copy_code') }] },
    ],
  }
}

function answerDefinition(language: Language, t: Translate, baseUrl: string) {
  return {
    name: 'nabz_answer',
    language,
    category: 'UTILITY',
    message_send_ttl_seconds: 43_200,
    parameter_format: 'POSITIONAL',
    components: [
      {
        type: 'BODY',
        text: t('messaging.template.nabz_answer.body', { clinic: '{{1}}' }),
        example: { body_text: [[samples.clinic]] },
      },
      { type: 'FOOTER', text: t('messaging.template.footer') },
      {
        type: 'BUTTONS',
        buttons: [
          {
            type: 'URL',
            text: t('messaging.button.read_answer'),
            url: `${baseUrl}/c/{{1}}`,
            example: [`${baseUrl}/c/shifa/privacy/answer/mUq0Zk3nR8t2Vx5yB7cD9eF1gH4jK6mN`],
          },
        ],
      },
    ],
  }
}

function visitDefinition(name: VisitTemplate, language: Language, t: Translate, baseUrl: string) {
  const keys = parameters[name]
  const placeholders = Object.fromEntries(keys.map((key, at) => [key, `{{${at + 1}}}`]))
  const quick = (key: string) => ({ type: 'QUICK_REPLY', text: t(`messaging.button.${key}`) })
  const url = (key: string, path: string, example: string) => ({
    type: 'URL',
    text: t(`messaging.button.${key}`),
    url: `${baseUrl}/${path}/{{1}}`,
    example: [`${baseUrl}/${path}/${example}`],
  })
  return {
    name,
    language,
    category: 'UTILITY',
    // A phone that was off is not told yesterday's news: a reminder is dead two hours later, the rest half a day.
    message_send_ttl_seconds: name === 'nabz_reminder' ? 7_200 : 43_200,
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
        buttons:
          name === 'nabz_cancelled'
            ? [url('book_again', 'c', 'shifa')]
            : [
                ...(isOver(name) ? [] : [quick('confirm'), quick('cancel')]),
                url(linkButton(name).key, 'a', leadsTo(name, 'mUq0Zk3nR8t2Vx5yB7cD9eF1gH4jK6mN')),
              ],
      },
    ],
  }
}

export type ButtonPress = { wish: 'confirm' | 'cancel'; token: string; version: number }

/** What a button sends back when tapped: the wish, and which visit in which version it was a wish about. */
export function buttonPayload(wish: ButtonPress['wish'], token: string, version: number): string {
  return `${wish}:${token}.${version}`
}

export function parseButtonPayload(payload: string): ButtonPress | undefined {
  const match = /^(confirm|cancel):([A-Za-z0-9_-]{32})\.(\d{1,9})$/.exec(payload)
  if (!match) return undefined
  const [, wish, token = '', version] = match
  return { wish: wish === 'confirm' ? 'confirm' : 'cancel', token, version: Number(version) }
}

/** The button beside "cancel my visit" when somebody types cancel: they may mean the messages. */
export const stopPayload = 'optout'
