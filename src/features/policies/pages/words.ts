import type { Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'

/** A moment with its year, as the reader's clock shows it. */
export const momentText = (speaker: Speaker, at: Instant): string =>
  speaker.t('policies.moment', { date: speaker.date(at), time: speaker.time(at) })

/** The same for pages that belong to no place, which say whose clock it is. */
export const utcText = (speaker: Speaker, at: Instant): string =>
  speaker.t('policies.moment_utc', { date: speaker.date(at), time: speaker.time(at) })
