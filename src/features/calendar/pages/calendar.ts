import { isBefore, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { lengthBounds } from '../../appointments/rules.ts'
import type { CalendarQuestion } from '../schema.ts'
import { can, frameOf, shownOf, type Shown } from './frame.ts'
import { gridOf } from './grid.ts'
import { monthOf } from './month.ts'

/** What stands on the calendar, and the bar around it. */
async function standing(ctx: Ctx, speaker: Speaker, shown: Shown) {
  return {
    ...frameOf(ctx, speaker, shown),
    grid: shown.noDiary || shown.view === 'month' ? undefined : await gridOf(ctx, speaker, shown),
    month: shown.noDiary || shown.view !== 'month' ? undefined : await monthOf(ctx, speaker, shown),
  }
}

/**
 * The calendar without the page around it, and until when it is the same as long as nothing changes: everything on it is
 * drawn to the minute, but a hold lapses on its second.
 */
export async function calendarBoard(
  ctx: Ctx,
  speaker: Speaker,
  asked: CalendarQuestion,
): Promise<{ board: View; validUntil: Instant }> {
  const shown = await shownOf(ctx, asked)
  if (shown.noDiary) notFound('practitioner')
  const page = await standing(ctx, speaker, shown)
  const minute = ctx.now.round({ smallestUnit: 'minute', roundingMode: 'floor' }).add({ minutes: 1 })
  const lapse = page.grid?.unchangedUntil
  return { board: view('calendar/_board', page), validUntil: lapse && isBefore(lapse, minute) ? lapse : minute }
}

/** The diary as a calendar: a day by doctor, a week, or a month of counts. */
export async function calendarPage(ctx: Ctx, speaker: Speaker, asked: CalendarQuestion): Promise<View> {
  const shown = await shownOf(ctx, asked)
  const { t } = speaker
  return view('calendar/calendar', {
    ...(await standing(ctx, speaker, shown)),
    scripts: ['/js/live.js', '/js/calendar.js', ...(shown.noDiary ? [] : boardScripts)],
    noDiary: shown.noDiary,
    mayMove: can(ctx, 'appointments.move'),
    appointments: `/app/${ctx.clinic.slug}/appointments`,
    times: shown.address({}, '/times'),
    live: { board: shown.address({}, '/board'), events: `/app/${ctx.clinic.slug}/today/events` },
    shortest: lengthBounds.least,
    locale: `${speaker.lang}-${ctx.clinic.country}`,
    // What the page's script says aloud; it can't know a language's plurals.
    said: {
      booked: sentences((count) => t('desk.live.booked', { count })),
      cancelled: sentences((count) => t('desk.live.cancelled', { count })),
      waiting: t('calendar.live.waiting'),
      offline: t('desk.live.offline'),
      picked: t('calendar.said.picked'),
      taken: t('calendar.taken.text'),
      put_back: t('calendar.said.put_back'),
      none: t('calendar.said.none'),
      minutes: t('desk.book.minutes', { minutes: '#' }),
      failed: t('calendar.said.failed'),
    },
  })
}

/** In this order: each uses what those before it name. */
const boardScripts = ['grid', 'live', 'free', 'hand', 'pointer', 'keys'].map((part) => `/js/calendar-${part}.js`)

const sentences = (of: (count: number) => string) => Array.from({ length: 10 }, (_, index) => of(index + 1))
