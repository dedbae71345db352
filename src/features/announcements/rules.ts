import type { Instant } from '../../kernel/time.ts'

export type Stage = 'draft' | 'scheduled' | 'running' | 'over' | 'withdrawn'

type Facts = {
  startsAt: Instant
  endsAt: Instant | null
  publishedAt: Instant | null
  withdrawnAt: Instant | null
}

/** How far an announcement has come. */
export function stageOf({ startsAt, endsAt, publishedAt, withdrawnAt }: Facts, now: Instant): Stage {
  if (withdrawnAt !== null) return 'withdrawn'
  if (publishedAt === null) return 'draft'
  if (now.epochMilliseconds < startsAt.epochMilliseconds) return 'scheduled'
  return endsAt !== null && now.epochMilliseconds >= endsAt.epochMilliseconds ? 'over' : 'running'
}

/** What people have read is not rewritten under them: words and audience change only before it begins. */
export const editable = (stage: Stage): boolean => stage === 'draft' || stage === 'scheduled'

/** Taken back before it begins nobody ever sees it; afterwards the banner comes down and no further mail leaves. */
export const withdrawable = (stage: Stage): boolean => editable(stage) || stage === 'running'

/** Owners written to in one transaction. */
export const ownersAtOnce = 100
