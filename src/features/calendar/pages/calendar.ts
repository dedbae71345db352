import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { lengthBounds } from '../../appointments/rules.ts'
import type { CalendarQuestion } from '../schema.ts'
import { can, frameOf, shownOf } from './frame.ts'
import { gridOf } from './grid.ts'
import { monthOf } from './month.ts'

/** The diary as a calendar: a day by doctor, a week, or a month of counts. */
export async function calendarPage(ctx: Ctx, speaker: Speaker, asked: CalendarQuestion): Promise<View> {
  const shown = await shownOf(ctx, asked)
  const { t } = speaker
  const grid = shown.noDiary || shown.view === 'month' ? undefined : await gridOf(ctx, speaker, shown)
  const month = shown.noDiary || shown.view !== 'month' ? undefined : await monthOf(ctx, speaker, shown)
  const frame = frameOf(ctx, speaker, shown)
  return view('calendar/calendar', {
    ...frame,
    styles: ['/css/calendar.css'],
    scripts: ['/js/live.js', '/js/calendar.js'],
    noDiary: shown.noDiary,
    grid,
    month,
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

const sentences = (of: (count: number) => string) => Array.from({ length: 10 }, (_, index) => of(index + 1))
