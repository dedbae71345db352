import { hours, minutes } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { endingDays } from '../rules/clinics.ts'
import { countByStatus, countStuckMessages, listTodos, type Todo, type TodoName } from '../queries/overview.ts'

/** A message that is this late, or a mail, has not just been queued. */
const lateAfter = minutes(15)
/** The last stretch of the 30 days that a request about data may take. */
const nearDeadline = hours(7 * 24)

/** What is shown of each kind of work, in the order of how much it hurts to leave it lying. */
const cards: { name: TodoName | 'messages'; icon: string; href: string; grave: boolean }[] = [
  { name: 'alarms', icon: 'alert-triangle', href: '/admin/jobs', grave: true },
  { name: 'payments', icon: 'cash', href: '/admin/payments', grave: false },
  { name: 'cards', icon: 'credit-card', href: '/admin/payments/cards', grave: true },
  { name: 'requests', icon: 'mail', href: '/admin/requests', grave: true },
  { name: 'messages', icon: 'message', href: '/admin/messages', grave: true },
  { name: 'mails', icon: 'send', href: '/admin/messages', grave: true },
  { name: 'jobs', icon: 'repeat', href: '/admin/jobs', grave: true },
  { name: 'failing', icon: 'ban', href: '/admin/clinics?health=failing', grave: false },
  { name: 'expiring', icon: 'clock', href: '/admin/clinics?ends=week', grave: false },
]

export async function overviewPage(
  { db, jobsDb, clock }: Pick<Services, 'db' | 'jobsDb' | 'clock'>,
  speaker: Speaker,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const lateAt = now.subtract(lateAfter)
  const [todos, messages, figures] = await Promise.all([
    listTodos(db, { now, lateAt, dueBy: now.add(nearDeadline), endsBy: now.add(hours(endingDays.week * 24)) }),
    countStuckMessages(jobsDb, lateAt),
    countByStatus(db),
  ])
  const todoOf = (name: TodoName | 'messages'): Todo =>
    name === 'messages' ? messages : (todos.get(name) ?? { count: 0, since: null })
  const shown = cards
    .map((card) => ({ ...card, ...todoOf(card.name) }))
    .map(({ name, icon, href, grave, count, since }) => ({
      icon,
      href,
      waiting: count > 0,
      grave: grave && count > 0,
      count: speaker.number(count),
      title: t(`console.todo.${name}`, { count }),
      since: since === null ? undefined : t(`console.todo.${name}_since`, { when: speaker.dateTime(since) }),
    }))
  const figure = (name: keyof typeof figures, href: string) => ({
    label: t(`console.figure.${name}`),
    value: speaker.number(figures[name]),
    href,
  })
  return view('console/overview', {
    title: t('console.nav.overview'),
    waiting: shown.filter(({ waiting }) => waiting),
    calm: shown.filter(({ waiting }) => !waiting),
    figures: [
      figure('trialing', '/admin/clinics?status=trialing'),
      figure('active', '/admin/clinics?status=active'),
      figure('past_due', '/admin/clinics?status=past_due'),
      figure('expired', '/admin/clinics?status=expired'),
      figure('suspended', '/admin/clinics?status=suspended'),
    ],
    at: t('console.overview.at', { when: speaker.dateTime(now) }),
  })
}
