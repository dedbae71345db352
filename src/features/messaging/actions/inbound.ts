// What people write or tap. Each message is kept and answered once; whose patient it is comes from what it answers to,
// from the link in the button, or from whoever wrote to the number last.
import { randomUUID } from 'node:crypto'
import type { AppointmentId, ClinicId } from '../../../kernel/ids.ts'
import { parsePhone, type Phone } from '../../../kernel/phone.ts'
import { Temporal, type Instant } from '../../../kernel/time.ts'
import type { Ctx, Clinic } from '../../../platform/clinic-scope.ts'
import { parseLanguage, type Language } from '../../../platform/i18n/languages.ts'
import { findLink } from '../../../platform/links.ts'
import type { Services } from '../../../platform/services.ts'
import { cancelByPatient, confirmByPatient } from '../../appointments/actions/run.ts'
import { findAppointment } from '../../appointments/queries.ts'
import {
  acceptOffer,
  declineOffer,
  findAnswered,
  noteLost,
  withdrawOffersTo,
  type AcceptRefusal,
} from '../../waitlist/actions/answer.ts'
import { lookForNumber } from '../../waitlist/actions/join.ts'
import {
  findCorrespondent,
  findLastClinicTo,
  findMessageByProviderId,
  insertInbound,
  listClinicsWaitingFor,
  updateQueuedOptedOut,
} from '../queries/correspondence.ts'
import { findOptOut, insertStrangersStop } from '../queries/opt-outs.ts'
import { findNumberByAliases, upsertAlias } from '../queries/senders.ts'
import { parseOfferPayload, type OfferPress } from '../rules/offer-templates.ts'
import { isStopped } from '../rules/opt-outs.ts'
import { parseButtonPayload, stopPayload, type ButtonPress } from '../rules/templates.ts'
import { meaningOf, type Meaning } from '../rules/words.ts'
import type { MessageItem } from '../rules/webhook.ts'
import { aliasHash } from './outcome.ts'
import { replies, type Replies } from './replies.ts'
import { noteWish, resumeElsewhere, sharedSender } from './stop.ts'

/** What was said, taken apart. */
type Heard = {
  eventId: string
  providerId: string
  numberHash: Buffer
  phone: Phone | undefined
  at: Instant
  text: string
  meaning: Meaning | 'press' | 'silent'
  press: ButtonPress | undefined
  /** Yes or no under the message about a time that came free. */
  offer: OfferPress | undefined
}

export async function hearMessage(services: Services, eventId: string, item: MessageItem): Promise<void> {
  if (item.type === 'system') return moveNumber(services, item)
  const heard = await understand(services, eventId, item)
  if (!heard) return
  const routed = await clinicFor(services, item, heard)
  if (routed) await answer(services, routed, heard)
  // Nobody's patient that we know of, so nobody to answer; but STOP is STOP.
  else if (heard.meaning === 'stop') await noteStrangersStop(services, heard)
  if (heard.meaning === 'stop') await dropEverywhere(services, heard.numberHash)
  if (heard.meaning === 'start') await resumeElsewhere(services, heard.numberHash, byReply)
}

const byReply = { channel: 'whatsapp', source: 'whatsapp_reply' } as const

async function understand(services: Services, eventId: string, item: MessageItem): Promise<Heard | undefined> {
  const numberHash = await numberOf(services, item)
  if (!numberHash) return undefined
  const payload = item.button?.payload ?? item.interactive?.button_reply?.id
  const press = payload === undefined ? undefined : parseButtonPayload(payload)
  const offer = payload === undefined ? undefined : parseOfferPayload(payload)
  const text = item.text?.body ?? item.button?.text ?? item.interactive?.button_reply?.title ?? ''
  return {
    eventId,
    providerId: item.id,
    numberHash,
    phone: item.from === undefined ? undefined : parsePhone(`+${item.from}`, 'GB'),
    at: Temporal.Instant.fromEpochMilliseconds(Number(item.timestamp) * 1000),
    text: text === '' ? `[${item.type}]` : text,
    press,
    offer,
    meaning: press || offer ? 'press' : payload === stopPayload ? 'stop' : meaningOfItem(item, text),
  }
}

// What a person sends expecting that somebody looks at it.
const spoken = new Set(['text', 'button', 'interactive', 'image', 'audio', 'video', 'document', 'sticker', 'location'])

function meaningOfItem(item: MessageItem, text: string): Heard['meaning'] {
  if (item.type === 'text' || item.type === 'button') return meaningOf(text)
  return spoken.has(item.type) ? 'other' : 'silent'
}

/** The number somebody wrote from, as we know it: WhatsApp may spell it differently, or hide it behind an id. */
async function numberOf({ db, keys, clock }: Services, item: MessageItem): Promise<Buffer | undefined> {
  const names = [item.from, item.from_user_id].filter((name) => name !== undefined)
  const aliases = names.map((name) => aliasHash({ platformSeal: keys.platform }, name))
  const known = await findNumberByAliases(db, aliases)
  if (known) return known
  if (item.from === undefined) return undefined
  const numberHash = keys.platform.hash('number', `+${item.from}`)
  if (item.from_user_id !== undefined) {
    const alias = aliasHash({ platformSeal: keys.platform }, item.from_user_id)
    await upsertAlias(db, alias, numberHash, clock.now())
  }
  return numberHash
}

async function clinicFor(services: Services, item: MessageItem, heard: Heard): Promise<Clinic | undefined> {
  const clinicId = await clinicIdFor(services, item, heard)
  return clinicId && (await services.clinics.byId(clinicId))
}

async function clinicIdFor(services: Services, item: MessageItem, heard: Heard): Promise<ClinicId | undefined> {
  const { jobsDb, db, clock } = services
  if (item.context?.id !== undefined) {
    const answered = await findMessageByProviderId(jobsDb, item.context.id)
    if (answered) return answered.clinicId
  }
  if (heard.press) {
    const link = await findLink(db, heard.press.token, clock.now())
    if (link) return link.clinicId
  }
  return findLastClinicTo(jobsDb, heard.numberHash)
}

/** Whom to answer, and how. */
type Party = { phone: Phone; language: Language; replies: Replies }

async function answer(services: Services, clinic: Clinic, heard: Heard): Promise<void> {
  const origin = { requestId: `whatsapp-${randomUUID()}` }
  const asPatient = <T>(work: (ctx: Ctx) => Promise<T>) => services.inClinic(clinic, { kind: 'patient' }, origin, work)

  // The wish and its answer are one transaction. A wish that is refused leaves no trace, so the refusal is told in
  // another; both begin by keeping the message, which only the first of several workers can do.
  const outcome = await asPatient(async (ctx) => {
    const party = await keep(ctx, services, heard)
    if (!party) return { ok: true as const }
    return follow(ctx, services, heard, party)
  })
  if (outcome.ok) return
  await asPatient(async (ctx) => {
    const party = await keep(ctx, services, heard)
    const offer = await offerOf(ctx, heard)
    if (!party) return
    if (!offer) return party.replies.tooLate()
    await party.replies.offerLost(await noteLost(ctx, offer.offer, outcome.reason, heard.numberHash), outcome.reason)
  })
}

async function keep(ctx: Ctx, services: Services, heard: Heard): Promise<Party | undefined> {
  const known = await findCorrespondent(ctx, heard.numberHash)
  const isNew = await insertInbound(ctx, {
    id: heard.eventId,
    senderHash: heard.numberHash,
    text: heard.text,
    meaning: heard.press?.wish ?? heard.offer?.wish ?? heard.meaning,
    appointmentId: known?.appointmentId ?? null,
    patientId: known?.patientId ?? null,
    receivedAt: heard.at,
  })
  const phone = known?.phone ?? heard.phone
  if (!isNew || phone === undefined) return undefined
  const language = known?.language ?? parseLanguage(ctx.clinic.language) ?? 'en'
  return { phone, language, replies: replies(ctx, services, { phone, language, heardAt: heard.at }) }
}

type Followed = { ok: true } | { ok: false; reason: 'too_late' | 'changed_meanwhile' | AcceptRefusal }

async function follow(ctx: Ctx, services: Services, heard: Heard, party: Party): Promise<Followed> {
  switch (heard.meaning) {
    case 'press':
      return heard.press ? followPress(ctx, services, heard.press, party) : followOffer(ctx, heard, party)
    case 'stop':
    case 'start': {
      const change = await noteWish(ctx, {
        numberHash: heard.numberHash,
        phone: party.phone,
        said: heard.meaning,
        at: heard.at,
        wording: heard.text,
        evidence: heard.providerId,
        ...byReply,
        about: { kind: 'inbound_message', id: heard.eventId },
      })
      if (heard.meaning === 'stop') await withdrawOffersTo(ctx, heard.numberHash)
      if (change === 'resume') await lookForNumber(ctx, party.phone)
      if (change === 'stop') await party.replies.stopped()
      else if (change === 'resume') await party.replies.resumed()
      else if (heard.meaning === 'start') await politely(ctx, heard, () => party.replies.auto(heard.numberHash))
      return { ok: true }
    }
    case 'cancel':
      await politely(ctx, heard, () => party.replies.cancelOrStop(heard.numberHash))
      return { ok: true }
    case 'other':
      if (await offerOf(ctx, heard)) return followOffer(ctx, heard, party)
      await politely(ctx, heard, () => party.replies.auto(heard.numberHash))
      return { ok: true }
    case 'silent':
      return { ok: true }
  }
}

/** Somebody who said STOP is not written to because they said something else since. */
async function politely(ctx: Ctx, heard: Heard, reply: () => Promise<void>): Promise<void> {
  if (isStopped(await findOptOut(ctx.db, sharedSender, heard.numberHash))) return
  await reply()
}

async function followPress(ctx: Ctx, services: Services, press: ButtonPress, party: Party): Promise<Followed> {
  const id = await visitOf(ctx, services, press)
  const visit = id && (await findAppointment(ctx, id))
  if (!visit || visit.status === 'pending') {
    await party.replies.linkGone()
    return { ok: true }
  }
  // The button belongs to a message about an earlier time or state: nothing is confirmed or cancelled unseen.
  if (visit.version !== press.version) {
    if (visit.status === 'cancelled' && press.wish === 'cancel') return { ok: true }
    await party.replies.changed(visit)
    return { ok: true }
  }
  if (press.wish === 'confirm') {
    if (visit.confirmedAt !== null) return { ok: true }
    const confirmed = await confirmByPatient(ctx, visit.id)
    if (!confirmed.ok) return confirmed
    await party.replies.confirmed(confirmed.value)
    return { ok: true }
  }
  // The news of the cancellation itself is the answer.
  const cancelled = await cancelByPatient(ctx, visit.id)
  return cancelled.ok ? { ok: true } : cancelled
}

/** The offer an answer is about: named by the button, or the one that stands when somebody just writes yes. */
async function offerOf(ctx: Ctx, heard: Heard): Promise<OfferPress | undefined> {
  if (heard.offer) return heard.offer
  return heard.meaning === 'other' ? findAnswered(ctx, heard.numberHash, heard.text) : undefined
}

async function followOffer(ctx: Ctx, heard: Heard, party: Party): Promise<Followed> {
  const answered = await offerOf(ctx, heard)
  // Who said STOP is not written to, and a yes nobody may confirm is none.
  if (!answered || isStopped(await findOptOut(ctx.db, sharedSender, heard.numberHash))) return { ok: true }
  if (answered.wish === 'decline') {
    if (await declineOffer(ctx, answered.offer, heard.numberHash)) await party.replies.offerDeclined()
    return { ok: true }
  }
  // The confirmation of the visit is the answer.
  const accepted = await acceptOffer(ctx, answered.offer, heard.numberHash)
  return accepted.ok ? { ok: true } : accepted
}

async function visitOf(ctx: Ctx, { db }: Services, press: ButtonPress): Promise<AppointmentId | undefined> {
  const link = await findLink(db, press.token, ctx.now)
  return link?.clinicId === ctx.clinic.id ? link.appointmentId : undefined
}

async function noteStrangersStop(
  services: Services,
  heard: Pick<Heard, 'numberHash' | 'at' | 'text' | 'providerId'>,
): Promise<void> {
  await insertStrangersStop(services.db, sharedSender, heard.numberHash, {
    at: heard.at,
    wording: heard.text,
    evidence: heard.providerId,
  })
}

/** Whatever waits for this number anywhere goes, if the number is stopped; the look before each send would see to it too. */
async function dropEverywhere(services: Services, numberHash: Buffer): Promise<void> {
  if (!isStopped(await findOptOut(services.db, sharedSender, numberHash))) return
  const origin = { requestId: `whatsapp-${randomUUID()}` }
  for (const clinicId of await listClinicsWaitingFor(services.jobsDb, numberHash)) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic) continue
    await services.inClinic(clinic, { kind: 'system', job: 'messaging.stop' }, origin, (ctx) =>
      updateQueuedOptedOut(ctx, numberHash),
    )
  }
}

/** The same person under a new number: their STOP goes with them. */
async function moveNumber(services: Services, item: MessageItem): Promise<void> {
  const fresh = item.system?.new_wa_id ?? item.system?.wa_id
  if (!/changed_number$/.test(item.system?.type ?? '') || item.from === undefined || fresh === undefined) return
  const before = await numberOf(services, item)
  const optOut = before && (await findOptOut(services.db, sharedSender, before))
  if (!optOut || !isStopped(optOut)) return
  const numberHash = services.keys.platform.hash('number', `+${fresh}`)
  await noteStrangersStop(services, {
    providerId: item.id,
    numberHash,
    at: Temporal.Instant.fromEpochMilliseconds(Number(item.timestamp) * 1000),
    text: 'carried over from the number before',
  })
  await dropEverywhere(services, numberHash)
}
