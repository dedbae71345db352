// The page of one's place on the waiting list, behind the link of its messages: what is on offer there, and leaving.
import { parseForm } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { linkToken } from '../../../platform/links.ts'
import { publicRouter, type PublicRequest } from '../../../platform/web/routers.ts'
import { getAppointment, type Appointment } from '../../appointments/queries.ts'
import { findConsent } from '../../consents/queries.ts'
import { isOptedOut } from '../../messaging/actions/stop.ts'
import { acceptOffer, declineOffer, noteLost } from '../../waitlist/actions/answer.ts'
import { leaveList, tokenOf } from '../../waitlist/actions/join.ts'
import { findEntry, type Entry } from '../../waitlist/queries/entries.ts'
import { findNewestOfferOf } from '../../waitlist/queries/offers.ts'
import type { EntryId, OfferId } from '../../waitlist/rules.ts'
import { ledToNews, placePage, type WaitingNews } from '../pages/place.ts'
import { gonePage } from '../pages/visit.ts'
import { answerForm } from '../schema/waiting.ts'
import { backTo, inTheirLanguage, openLink, type Linked } from './link.ts'

const routes = publicRouter('booking')
export const placeRoutes = routes

type Placed = Linked<EntryId>

/** Whose place this is; a link that leads to something else gets the page of one that is gone. */
async function openPlace(request: PublicRequest): Promise<Placed | undefined> {
  const linked = await openLink(request)
  if (!linked) return undefined
  const placed = { ...linked, id: linked.id as string as EntryId }
  if (await placed.request.inClinic((ctx) => isPlace(ctx, placed))) return placed
  request.show(gonePage(request.speaker), { status: 404, layout: 'patient' })
  return undefined
}

const isPlace = async (ctx: Ctx, { id, token }: Placed): Promise<boolean> =>
  tokenOf(ctx, id) === token && (await findEntry(ctx, id)) !== undefined

async function showPlace({ id, token, request }: Placed, news: WaitingNews | undefined, status = 200): Promise<void> {
  const { own, page } = await request.inClinic(async (ctx) => {
    const entry = (await findEntry(ctx, id)) ?? notFound('waiting entry')
    const { request: own, scene } = await inTheirLanguage(ctx, request, entry.language)
    const offer = await findNewestOfferOf(ctx, id)
    const visitHref = await visitOf(ctx, entry, own.url)
    const unreached = await whyUnreached(ctx, entry)
    const sender = own.services.config.whatsapp.displayNumber
    return { own, page: placePage(scene, { entry, offer, token, visitHref, unreached, sender }, news) }
  })
  own.show(page, { status })
}

async function whyUnreached(ctx: Ctx, { phone, patientId }: Entry) {
  if (await isOptedOut(ctx, phone)) return 'stopped'
  const consent = await findConsent(ctx, patientId, 'appointment_messages')
  return consent?.decision === 'permit' ? undefined : 'silent'
}

async function visitOf(ctx: Ctx, entry: Entry, url: (path: string) => string): Promise<string | undefined> {
  if (entry.appointmentId === null) return undefined
  const { linkVersion } = await getAppointment(ctx, entry.appointmentId)
  return url(`/a/${linkToken(ctx, entry.appointmentId, linkVersion)}`)
}

const backToPlace = ({ request, token }: Placed, news: (typeof ledToNews)[number]) =>
  backTo(request, `/w/${token}`, news)

routes.get('/w/:token', 'public', async (request) => {
  const placed = await openPlace(request)
  if (placed)
    await showPlace(
      placed,
      ledToNews.find((one) => one === request.req.query.news),
    )
})

/** The offer a form names, if it was made to this place. */
async function offerOf({ id, request }: Placed): Promise<OfferId | undefined> {
  const form = parseForm(answerForm, request.req.body)
  if (!form.ok) return undefined
  const offer = await request.inClinic((ctx) => findNewestOfferOf(ctx, id))
  return offer?.id === form.value.offer ? offer.id : undefined
}

routes.post('/w/:token/acceptance', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  const offer = await offerOf(placed)
  if (!offer) return showPlace(placed, 'over', 409)
  const accepted = await placed.request.inClinic((ctx) => acceptOffer(ctx, offer))
  if (accepted.ok) return toVisit(placed, accepted.value)
  const { reason } = accepted
  const lost = await placed.request.inClinic((ctx) => noteLost(ctx, offer, reason))
  if (lost.what === 'booked') return showPlace(placed, undefined)
  await showPlace(placed, lost.what === 'held' ? 'held' : reason, 409)
})

function toVisit({ request }: Placed, { id, linkVersion, calendarSequence }: Appointment): Promise<void> {
  const token = linkToken({ platformSeal: request.services.keys.platform, clinic: request.clinic }, id, linkVersion)
  return backTo(request, `/a/${token}`, calendarSequence > 0 ? 'moved' : 'booked')
}

routes.post('/w/:token/refusal', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  const offer = await offerOf(placed)
  const declined = offer && (await placed.request.inClinic((ctx) => declineOffer(ctx, offer)))
  return declined ? backToPlace(placed, 'declined') : showPlace(placed, 'over', 409)
})

routes.post('/w/:token/removal', 'public', async (request) => {
  const placed = await openPlace(request)
  if (!placed) return
  await placed.request.inClinic((ctx) => leaveList(ctx, placed.id, 'patient'))
  return backToPlace(placed, 'left')
})
