import type { AppointmentId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { linkToken } from '../../../platform/links.ts'
import { qrSquares } from '../../../platform/qr.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { ownDiaryOnly } from '../../appointments/actions/own-diary.ts'
import { getAppointment } from '../../appointments/queries.ts'
import { findStanding, findTokenToday } from '../queries/look.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { aboutText } from '../rules/words.ts'

/**
 * A slip of 80 mm for the hand: the number, with whom and where, and the way to one's own page. Who has no number yet reads
 * the time of the visit in its place.
 */
export async function slipPage(
  ctx: Ctx,
  reader: Speaker,
  asked: { id: AppointmentId; back: string; print: boolean; baseUrl: string; speakers: (lang: Language) => Speaker },
): Promise<View> {
  const visit = await getAppointment(ctx, asked.id)
  await ownDiaryOnly(ctx, visit.practitionerId)
  const speaker = asked.speakers(visit.language)
  const { t } = speaker
  const token = await findTokenToday(ctx, visit)
  const standing = await findStanding(ctx, visit)
  return view('queue/slip', {
    title: reader.t('queue.slip.title'),
    lang: speaker.lang,
    dir: speaker.dir,
    back: asked.back,
    again: `/app/${ctx.clinic.slug}/walk-in?${new URLSearchParams({ back: asked.back, doctor: visit.practitionerId }).toString()}`,
    print: asked.print,
    clinic: ctx.clinic.name,
    heading: t(token === undefined ? 'booking.visit.title' : 'queue.slip.number'),
    large: token === undefined ? speaker.time(visit.startsAt) : speaker.number(token),
    small: token === undefined,
    doctor: visit.practitionerName,
    place: visit.locationName,
    when: token === undefined ? speaker.longDate(visit.startsAt) : speaker.dateTime(visit.arrivedAt ?? visit.startsAt),
    before:
      standing?.kind === 'waiting'
        ? t('queue.mine.waiting', {
            before: t('queue.before', { count: standing.before }),
            about: aboutText(speaker, standing.aboutMin),
          })
        : undefined,
    scan: t(token === undefined ? 'queue.slip.scan_visit' : 'queue.slip.scan'),
    scanLabel: t('queue.slip.scan_label'),
    qr: qrSquares(`${asked.baseUrl}/a/${linkToken(ctx, visit.id, visit.linkVersion)}`),
  })
}
