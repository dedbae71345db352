// A disruption in a sentence, and as the bar that Today and its own page show.
import { isolated } from '../../../kernel/names.ts'
import { allowed } from '../../../kernel/permissions.ts'
import { dateAt, isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Disruption } from '../queries.ts'
import { mayUndo } from '../rules.ts'

export type DisruptionBar = {
  href: string
  text: string
  /** While nobody has heard of it yet. */
  leaves: string | undefined
  undo: string | undefined
  now: string | undefined
}

export function barOf(ctx: Ctx, speaker: Speaker, disruption: Disruption): DisruptionBar {
  const href = `/app/${ctx.clinic.slug}/disruptions/${disruption.id}`
  const may = ctx.actor.kind === 'user' && allowed(ctx.actor.role, 'appointments.move')
  const waits = disruption.undoneAt === null && isBefore(ctx.now, disruption.tellsAt) && disruption.visits > 0
  return {
    href,
    text: sentenceOf(ctx, speaker, disruption),
    leaves: waits ? speaker.t('disruptions.bar.leaves', { time: speaker.time(disruption.tellsAt) }) : undefined,
    undo: may && mayUndo(disruption, ctx.now) ? `${href}/undo` : undefined,
    now: may && waits ? `${href}/now` : undefined,
  }
}

/** `Dr Sana is late until 11:40`, `Dr Sana is away from … to …`. */
export function sentenceOf(
  { clinic: { zone } }: Pick<Ctx, 'clinic'>,
  speaker: Speaker,
  disruption: Pick<Disruption, 'kind' | 'who' | 'startsAt' | 'endsAt'>,
): string {
  const { kind, startsAt, endsAt } = disruption
  const who = isolated(disruption.who)
  const [first, last] = [dateAt(startsAt, zone), dateAt(endsAt.subtract({ nanoseconds: 1 }), zone)]
  if (kind === 'late') return speaker.t('disruptions.is.late', { who, time: speaker.time(endsAt) })
  if (first.equals(last)) {
    const key = kind === 'closed' ? 'closed_day' : 'away_day'
    return speaker.t(`disruptions.is.${key}`, { who, date: speaker.date(first) })
  }
  const dates = { from: speaker.date(first), to: speaker.date(last) }
  return speaker.t(`disruptions.is.${kind === 'closed' ? 'closed' : 'away'}`, { who, ...dates })
}
