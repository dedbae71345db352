import type { LocationId } from '../../../kernel/ids.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findPlace, listScreen } from '../queries/look.ts'
import { tokenText } from '../rules/words.ts'

/** For the wall of a waiting room: numbers and doctors, nobody's name. */
export async function screenPage(
  ctx: Ctx,
  speaker: Speaker,
  locationId: LocationId,
  accent: Clinic['accent'],
): Promise<View> {
  const place = (await findPlace(ctx, locationId)) ?? notFound('location')
  const { t } = speaker
  const path = `/q/${ctx.clinic.slug}/${place.id}`
  const lines = await listScreen(ctx, place.id)
  return view('queue/screen', {
    title: t('queue.screen.title', { place: place.name }),
    clinic: ctx.clinic.name,
    place: place.name,
    accent,
    time: speaker.time(ctx.now),
    board: `${path}/board?lang=${speaker.lang}`,
    events: `${path}/events`,
    calls: t('queue.screen.calls'),
    lines: lines.map(({ doctor, now, next }) => ({
      doctor,
      now: now.map((token) => tokenText(speaker, token)),
      next: next.map((token) => tokenText(speaker, token)),
    })),
    sound: { on: t('queue.screen.sound_on'), off: t('queue.screen.sound_off') },
    offline: t('queue.screen.offline'),
  })
}
