import { parseId } from '../../../kernel/ids.ts'
import { rolesWithDiary, type Permission } from '../../../kernel/permissions.ts'
import { parseDate } from '../../../kernel/time.ts'
import { openEventStream } from '../../../platform/web/event-stream.ts'
import type { ClinicRequest, Routes } from '../../../platform/web/routers.ts'
import { fragmentForAll, sendFragment } from '../../../platform/web/shared-fragment.ts'
import { view } from '../../../platform/web/views.ts'
import { whileTrue } from '../../availability/actions.ts'
import { todayPage, type DayQuestion } from '../pages/today.ts'

export function todayRoutes(routes: Routes<ClinicRequest, Permission>): void {
  routes.get('/', 'today.see', ({ redirect, at }) => redirect(at('/today')))

  routes.get('/today', 'today.see', async ({ req, speaker, inClinic, show }) => {
    show(await inClinic((ctx) => todayPage(ctx, speaker, asked(req.query))))
  })

  // The day alone, for the page to bring itself up to date. An address of its own, because what counts as a person's
  // activity is decided by the route: a desk left alone must lock however many bookings come in.
  routes.get(
    '/today/board',
    'today.see',
    async (request) => {
      const { req, services, speaker, clinic, role, person, inClinic } = request
      const question = asked(req.query)
      const now = services.clock.now()
      // Whenever something changes every desk asks at once, and most of them the same: one of them is worked for. What a
      // doctor sees is the doctor's own.
      const whose = rolesWithDiary.some((one) => one === role) ? person.userId : ''
      const key = `board ${speaker.lang} ${role} ${whose} ${JSON.stringify(question)}`
      const board = await whileTrue(clinic, now, key, async () => {
        const { page } = await inClinic((ctx) => todayPage(ctx, speaker, question))
        const value = fragmentForAll(speaker, view('desk/_day', page))
        // Minutes of waiting go on, and a hold lapses, without any change of the diary.
        return { value, validUntil: now.add({ seconds: 10 }), bytes: value.html.length * 2 }
      })
      await sendFragment(req, speaker, board)
    },
    { background: true },
  )

  routes.get(
    '/today/events',
    'today.see',
    (request) => {
      const stream = openEventStream(request)
      const { clinic, services } = request
      const unsubscribe = services.notifications.subscribe((notice) => {
        if (notice.channel === 'nabz_diary' && notice.clinicId === clinic.id)
          stream?.send('diary', String(notice.diary))
      })
      if (stream) stream.onClose(unsubscribe)
      else unsubscribe()
    },
    { background: true },
  )
}

/** What can't be understood is left out: a bookmark with a wrong date in it shows today. */
function asked(query: Record<string, unknown>): DayQuestion {
  return {
    date: parseDate(query.date),
    practitionerId: parseId<'practitioner'>(query.doctor),
    list: query.view === 'list',
  }
}
