// What every view of the calendar is framed by: whose diary, which days, and the addresses that lead from one to another.
import type { PractitionerId } from '../../../kernel/ids.ts'
import { allowed, type Permission } from '../../../kernel/permissions.ts'
import { dateAt, Temporal, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { findOwnPractitioner } from '../../appointments/actions/own-diary.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { firstDayOfWeek } from '../../clinics/rules/hours.ts'
import { daysShown, turned, type CalendarView } from '../rules.ts'
import type { CalendarQuestion, Colouring } from '../schema.ts'

export type Shown = {
  settings: DiarySettings
  view: CalendarView
  date: PlainDate
  today: PlainDate
  /** The first day shown, and how many. */
  from: PlainDate
  days: number
  /** Who may be chosen: nobody, where somebody sees only their own. */
  choices: DiarySettings['practitioners']
  practitionerId: PractitionerId | undefined
  /** A doctor's account that stands for no doctor of the clinic has no diary to look at. */
  noDiary: boolean
  colour: Colouring
  address: (change?: Partial<Where>, path?: string) => string
}

type Where = { view: CalendarView; date: PlainDate; practitionerId: PractitionerId | undefined; colour: Colouring }

export const can = ({ actor }: Ctx, permission: Permission): boolean =>
  actor.kind === 'user' && allowed(actor.role, permission)

/** What was asked for as far as there is such a thing, for the person who asks: doctors see their own diary. */
export async function shownOf(ctx: Ctx, asked: CalendarQuestion): Promise<Shown> {
  const settings = await getSettings(ctx)
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const date = asked.date ?? today
  const ownOnly = ctx.actor.kind === 'user' && ctx.actor.role === 'doctor'
  const own = ownOnly ? await findOwnPractitioner(ctx) : undefined
  const active = settings.practitioners.filter((doctor) => doctor.active)
  const practitionerId = ownOnly ? own : active.find(({ id }) => id === asked.practitionerId)?.id
  const here: Where = {
    view: asked.view,
    date,
    practitionerId: ownOnly ? undefined : practitionerId,
    colour: asked.colour,
  }
  const base = `/app/${ctx.clinic.slug}/calendar`
  return {
    settings,
    view: asked.view,
    date,
    today,
    ...daysShown(asked.view, date, firstDayOfWeek(ctx.clinic.country)),
    choices: ownOnly ? [] : active,
    practitionerId,
    noDiary: ownOnly && own === undefined,
    colour: asked.colour,
    address: (change = {}, path = '') => addressOf(base + path, { ...here, ...change }, today),
  }
}

function addressOf(path: string, { view, date, practitionerId, colour }: Where, today: PlainDate): string {
  const query = new URLSearchParams()
  if (view !== 'day') query.set('view', view)
  if (!date.equals(today)) query.set('date', date.toString())
  if (practitionerId !== undefined) query.set('doctor', practitionerId)
  if (colour === 'service') query.set('colour', colour)
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** The bar above the calendar: where one is, and everything one can turn to from there. */
export function frameOf(ctx: Ctx, speaker: Speaker, shown: Shown) {
  const { t } = speaker
  const { view, date, today, address, practitionerId, choices, colour } = shown
  const { previous, next } = turned(view, date)
  return {
    ...headline(speaker, shown),
    view,
    date: date.toString(),
    back: address(),
    previous: { href: address({ date: previous }), label: t(`calendar.previous.${view}`) },
    next: { href: address({ date: next }), label: t(`calendar.next.${view}`) },
    // Always there, so that the key for it works on today as well.
    today: { href: address({ date: today }), current: isShown(shown, today) },
    views: (['day', 'week', 'month'] as const).map((one) => ({
      href: address({ view: one }),
      label: t(`calendar.view.${one}`),
      icon: { day: 'layout-columns', week: 'calendar-event', month: 'calendar' }[one],
      shortcut: one.charAt(0),
      current: one === view,
    })),
    doctors:
      choices.length < 2
        ? []
        : [
            {
              name: t('desk.today.all_doctors'),
              href: address({ practitionerId: undefined }),
              current: !practitionerId,
            },
            ...choices.map(({ id, name }) => ({
              name,
              href: address({ practitionerId: id }),
              current: id === practitionerId,
            })),
          ],
    doctor: shown.settings.practitioners.find(({ id }) => id === practitionerId)?.name,
    colours:
      view === 'month'
        ? []
        : (['status', 'service'] as const).map((one) => ({
            href: address({ colour: one }),
            label: t(`calendar.colour.${one}`),
            current: one === colour,
          })),
    pick: {
      action: address().split('?')[0] ?? '',
      hidden: {
        view: view === 'day' ? undefined : view,
        doctor: choices.length > 0 ? practitionerId : undefined,
        colour: colour === 'service' ? colour : undefined,
      },
    },
    newHref: can(ctx, 'appointments.book') ? newHref(ctx, shown) : undefined,
    keys: [
      ['t', t('calendar.keys.today')],
      ['← →', t('calendar.keys.turn')],
      ['d w m', t('calendar.keys.views')],
      ...(can(ctx, 'appointments.move') && view !== 'month'
        ? [[t('calendar.keys.space'), t('calendar.keys.move')]]
        : []),
    ],
  }
}

const isShown = ({ from, days }: Shown, date: PlainDate): boolean => {
  const at = from.until(date).days
  return at >= 0 && at < days
}

function headline(speaker: Speaker, { view, date, today, from, days }: Shown): { title: string; subtitle: string } {
  if (view === 'month') return { title: speaker.month(date), subtitle: '' }
  if (view === 'week') {
    const last = from.add({ days: days - 1 })
    const words = { from: speaker.dayMonth(from), to: speaker.dayMonth(last), year: String(last.year) }
    return { title: speaker.t('calendar.week', words), subtitle: '' }
  }
  const near = nearDays[today.until(date).days]
  return { title: speaker.longDate(date), subtitle: near === undefined ? String(date.year) : speaker.t(near) }
}

const nearDays: Partial<Record<number, 'desk.today.title' | 'desk.today.tomorrow' | 'desk.today.yesterday'>> = {
  [-1]: 'desk.today.yesterday',
  0: 'desk.today.title',
  1: 'desk.today.tomorrow',
}

function newHref(ctx: Ctx, { date, today, practitionerId, address }: Shown): string {
  const query = new URLSearchParams({ back: address() })
  if (Temporal.PlainDate.compare(date, today) > 0) query.set('date', date.toString())
  if (practitionerId !== undefined) query.set('practitioner', practitionerId)
  return `/app/${ctx.clinic.slug}/appointments/new?${query.toString()}`
}

/** Whose visit it is, or why nobody's name stands there. */
export function whose({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden' | 'status'>): string {
  if (visit.patientName !== null) return visit.patientName
  if (visit.hidden) return t('desk.card.restricted')
  return t(visit.status === 'pending' ? 'desk.card.held' : 'desk.card.erased')
}
