// How whoever runs Nabz looks for clinics: what can be asked, and what a clinic's health is called.
import { fold } from '../../../kernel/names.ts'
import type { PlainDate } from '../../../kernel/time.ts'

export const clinicStatuses = ['trialing', 'active', 'past_due', 'expired', 'purge_scheduled', 'suspended'] as const
export type ClinicStatus = (typeof clinicStatuses)[number]

export const healths = ['ok', 'unpaid', 'failing', 'idle'] as const
export type Health = (typeof healths)[number]

export const clinicSorts = ['created', 'name', 'active', 'usage'] as const
export type ClinicSort = (typeof clinicSorts)[number]

/** Whose period ends soon: what the overview counts, and the list can be filtered by. */
export const endings = ['week'] as const
export type Ending = (typeof endings)[number]
export const endingDays: Record<Ending, number> = { week: 7 }
/** The states in which a period is one that will be renewed or not. */
export const renewing: readonly string[] = ['trialing', 'active']

/** Days without a booking, a message or a visit after which a clinic counts as idle. */
export const idleDays = 14
/** Over the last seven days: so many messages failed, and so large a part of them, that somebody should look. */
export const failing = { days: 7, atLeast: 5, ofHundred: 20 }

/** What stands for a clinic before everything else comes first: who does not pay can't send, and need not be busy. */
export function healthOf(
  clinic: { status: string; subscriptionStatus: string; messagesFailing: boolean; lastActiveOn: PlainDate },
  idleSince: PlainDate,
): Health {
  if (unpaid.includes(clinic.subscriptionStatus)) return 'unpaid'
  if (clinic.messagesFailing) return 'failing'
  return clinic.lastActiveOn.toString() < idleSince.toString() ? 'idle' : 'ok'
}

export const unpaid: readonly string[] = ['past_due', 'expired', 'purge_scheduled']

export const statusOf = (clinic: { status: string; subscriptionStatus: string }): string =>
  clinic.status === 'suspended' ? 'suspended' : clinic.subscriptionStatus

/** What is typed into the search: words of a clinic, the beginning of an e-mail, or a clinic's id. */
export type ClinicSearch = { words: string[]; email: string | undefined }

export function clinicSearch(text: string): ClinicSearch {
  const typed = text.trim().toLowerCase().slice(0, 120)
  if (typed.includes('@')) return { words: [], email: typed }
  // A single letter begins half of all names.
  const words = [...new Set(fold(typed).split(' '))].filter((word) => [...word].length > 1).slice(0, 4)
  // Longest first: it leaves the fewest to look at.
  return { words: words.sort((a, b) => b.length - a.length), email: undefined }
}
