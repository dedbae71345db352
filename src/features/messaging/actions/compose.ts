// From an outbox row to what goes over the wire, in the moment it goes.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { MailPayload } from '../../../platform/channels/smtp.ts'
import type { WhatsAppPayload } from '../../../platform/channels/whatsapp.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { linkToken } from '../../../platform/links.ts'
import type { Services } from '../../../platform/services.ts'
import { dateAt, Temporal } from '../../../kernel/time.ts'
import type { Appointment } from '../../appointments/queries.ts'
import type { OutboxRow } from '../queries/outbox.ts'
import { datesText, isSeriesTemplate, seriesTemplateMessage, seriesText } from '../rules/series-templates.ts'
import { isOfferTemplate, offerTemplateMessage, offerText } from '../rules/offer-templates.ts'
import {
  answerTemplateMessage,
  answerText,
  bodyText,
  codeTemplateMessage,
  isVisitTemplate,
  leadsTo,
  leadsToTimes,
  visitTemplateMessage,
  type VisitTemplate,
  type VisitValues,
} from '../rules/templates.ts'

export type Composed = {
  /** As the person reads it, for the log of messages; a code is not kept there. */
  body: string | undefined
} & ({ channel: 'whatsapp'; payload: WhatsAppPayload } | { channel: 'email'; payload: MailPayload })

type Tools = Pick<Services, 'speakers' | 'config'>

export function compose(ctx: Ctx, tools: Tools, message: OutboxRow, visit: Appointment | undefined): Composed {
  const speaker = tools.speakers(message.language, ctx.clinic)
  if (message.channel === 'email') return composeMail(ctx, tools, speaker, message, visit)
  const address = {
    to: message.recipient.replace(/^\+/, ''),
    // Comes back in every report about the message, so that one whose answer was lost is known again.
    biz_opaque_callback_data: `${ctx.clinic.id}.${message.id}`,
  }
  const { template, params, language } = message
  if (template === 'text' || template === 'buttons') {
    const body = params.text ?? ''
    const buttons = template === 'buttons' ? buttonsOf(params.buttons) : []
    const payload: WhatsAppPayload =
      buttons.length === 0
        ? { ...address, type: 'text', text: { body, preview_url: false } }
        : { ...address, type: 'interactive', interactive: interactive(body, buttons) }
    return { channel: 'whatsapp', payload, body }
  }
  if (template === 'nabz_code') {
    const payload: WhatsAppPayload = {
      ...address,
      type: 'template',
      template: codeTemplateMessage(language, params.code ?? ''),
    }
    return { channel: 'whatsapp', payload, body: undefined }
  }
  if (template === 'nabz_answer') {
    const suffix = answerPath(ctx, message)
    return {
      channel: 'whatsapp',
      payload: { ...address, type: 'template', template: answerTemplateMessage(language, ctx.clinic.name, suffix) },
      body: answerText(speaker.t, ctx.clinic.name),
    }
  }
  if (isOfferTemplate(template)) {
    const { offer = '', token = '', startsAt = '', until = '', doctor = '', place = '', address: where = '' } = params
    const values = {
      clinic: ctx.clinic.name,
      when: speaker.longDateTime(Temporal.Instant.from(startsAt)),
      doctor,
      address: whereItIs(place, where),
      until: speaker.time(Temporal.Instant.from(until)),
    }
    const filled = offerTemplateMessage(template, language, values, { offer, token })
    return {
      channel: 'whatsapp',
      payload: { ...address, type: 'template', template: filled },
      body: offerText(template, speaker.t, values),
    }
  }
  const { name, values, appointment } = aboutVisit(ctx, speaker, message, visit)
  const buttons = {
    token: linkToken(ctx, appointment.id, appointment.linkVersion),
    version: message.version,
    slug: ctx.clinic.slug,
  }
  return {
    channel: 'whatsapp',
    payload: { ...address, type: 'template', template: visitTemplateMessage(name, language, values, buttons) },
    body: bodyText(name, speaker.t, values),
  }
}

/** One message about several visits of one person, in the order of time. */
export function composeTogether(
  ctx: Ctx,
  { speakers, config }: Tools,
  message: OutboxRow,
  visits: readonly Appointment[],
): Composed {
  const { template, language } = message
  const [first] = visits
  if (!first || !isSeriesTemplate(template)) throw new Error(`no visits to tell of with ${template}`)
  const speaker = speakers(language, ctx.clinic)
  const all = (values: string[]) => [...new Set(values)].join(`${speaker.t('messaging.series.between')} `)
  const values = {
    clinic: ctx.clinic.name,
    dates: datesText(
      speaker,
      visits.map(({ startsAt }) => startsAt),
    ),
    doctor: all(visits.map(({ practitionerName }) => practitionerName)),
    address: all(visits.map((visit) => whereItIs(visit.locationName, visit.locationAddress))),
  }
  const body = seriesText(template, speaker.t, values)
  const over = template === 'nabz_series_cancelled'
  const suffix = over ? ctx.clinic.slug : linkToken(ctx, first.id, first.linkVersion)
  if (message.channel === 'email') {
    const link = speaker.t(`messaging.mail.${over ? 'book_again' : 'see_visit'}`, {
      link: `${config.baseUrl}/${over ? 'c' : 'a'}/${suffix}`,
    })
    const subject = speaker.t(`messaging.mail.${message.kind}`, { clinic: ctx.clinic.name })
    const payload = {
      id: message.id,
      to: message.recipient,
      fromName: ctx.clinic.name,
      subject,
      text: `${body}\n\n${link}\n`,
    }
    return { channel: 'email', body: payload.text, payload }
  }
  return {
    channel: 'whatsapp',
    body,
    payload: {
      to: message.recipient.replace(/^\+/, ''),
      biz_opaque_callback_data: `${ctx.clinic.id}.${message.id}`,
      type: 'template',
      template: seriesTemplateMessage(template, language, values, suffix),
    },
  }
}

function composeMail(
  ctx: Ctx,
  { config }: Tools,
  speaker: Speaker,
  message: OutboxRow,
  visit: Appointment | undefined,
): Composed {
  const mail = (subject: string, text: string): Composed => ({
    channel: 'email',
    body: text,
    payload: { id: message.id, to: message.recipient, fromName: ctx.clinic.name, subject, text },
  })
  const clinic = ctx.clinic.name
  if (message.kind === 'clinic_alert') {
    if (!visit) throw new Error('an alert about no visit')
    const day = dateAt(visit.startsAt, ctx.clinic.zone).toString()
    const values = {
      clinic,
      when: speaker.longDateTime(visit.startsAt),
      doctor: visit.practitionerName,
      reference: visit.reference,
      link: `${config.baseUrl}/app/${ctx.clinic.slug}/today?date=${day}`,
    }
    return mail(speaker.t('messaging.alert.subject', values), speaker.t('messaging.alert.body', values))
  }
  if (message.template === 'nabz_answer') {
    const link = `${config.baseUrl}/c/${answerPath(ctx, message)}`
    return mail(speaker.t('messaging.mail.answer', { clinic }), `${answerText(speaker.t, clinic)}\n\n${link}\n`)
  }
  const { name, values, appointment } = aboutVisit(ctx, speaker, message, visit)
  const kind = name.replace('nabz_', '')
  const link =
    name === 'nabz_cancelled'
      ? speaker.t('messaging.mail.book_again', { link: `${config.baseUrl}/c/${ctx.clinic.slug}` })
      : speaker.t(leadsToTimes(name) ? 'messaging.mail.find_time' : 'messaging.mail.see_visit', {
          link: `${config.baseUrl}/a/${leadsTo(name, linkToken(ctx, appointment.id, appointment.linkVersion))}`,
        })
  return mail(speaker.t(`messaging.mail.${kind}`, { clinic }), `${bodyText(name, speaker.t, values)}\n\n${link}\n`)
}

/** Below `/c/`, in the language the patient reads. */
const answerPath = ({ clinic }: Ctx, { params, language }: OutboxRow) =>
  `${clinic.slug}/privacy/answer/${params.token ?? ''}?lang=${language}`

function aboutVisit(
  ctx: Ctx,
  speaker: Speaker,
  { template }: OutboxRow,
  visit: Appointment | undefined,
): { name: VisitTemplate; values: VisitValues; appointment: Appointment } {
  if (!isVisitTemplate(template)) throw new Error(`no template is called ${template}`)
  if (!visit) throw new Error('a message about no visit')
  return { name: template, appointment: visit, values: valuesOf(ctx, speaker, visit) }
}

type Told = Pick<Appointment, 'startsAt' | 'practitionerName' | 'locationName' | 'locationAddress'>

function valuesOf(ctx: Ctx, speaker: Speaker, visit: Told): VisitValues {
  return {
    clinic: ctx.clinic.name,
    when: speaker.longDateTime(visit.startsAt),
    doctor: visit.practitionerName,
    address: whereItIs(visit.locationName, visit.locationAddress),
  }
}

/** What a message about a visit will read like, as it would stand then: for looking at before anything is sent. */
export function previewText(
  ctx: Ctx,
  speakers: Services['speakers'],
  template: string,
  visit: Told & Pick<Appointment, 'language'>,
): string {
  if (!isVisitTemplate(template)) throw new Error(`no template is called ${template}`)
  const speaker = speakers(visit.language, ctx.clinic)
  return bodyText(template, speaker.t, valuesOf(ctx, speaker, visit))
}

function whereItIs(name: string, address: string): string {
  if (address === '') return name
  return address.includes(name) ? address : `${name}, ${address}`
}

export type Button = { id: string; title: string }

export const buttonsText = (buttons: readonly Button[]): string => JSON.stringify(buttons)
const buttonsOf = (text: string | undefined): Button[] => JSON.parse(text ?? '[]') as Button[]

function interactive(body: string, buttons: Button[]): Record<string, unknown> {
  return {
    type: 'button',
    body: { text: body },
    action: { buttons: buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } })) },
  }
}
