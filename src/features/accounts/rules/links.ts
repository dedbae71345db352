import type { LinkPurpose } from '../queries/tokens.ts'

const week = 7 * 24

/** How long a link in a mail can be used. What undoes waits for somebody who was away for some days. */
export const linkHours: Record<LinkPurpose, number> = {
  not_me: week,
  undo_email: week,
  verify_email: week,
  change_email: 24,
}

export const emailLimits = {
  /** Mails to addresses that nobody has proven yet. */
  proof: { purpose: 'email-proof', max: 5, per: { minutes: 1440 } },
}
