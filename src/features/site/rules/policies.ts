// Policies have versions named by the day each takes effect, `2026-11-21`. Days begin in UTC, for everybody alike.

export const policyCodes = ['terms', 'privacy', 'cookies', 'processors', 'security'] as const
export type PolicyCode = (typeof policyCodes)[number]

/** A change that matters is told at least this long before it takes effect. */
export const noticeDays = 14

/** The version in force on a day: the latest that has begun, or the very first before there was any. */
export function versionOn(versions: readonly string[], day: string): string | undefined {
  const sorted = [...versions].sort()
  return sorted.findLast((version) => version <= day) ?? sorted[0]
}

/** The version that is announced and not yet in force. */
export function upcomingAfter(versions: readonly string[], day: string): string | undefined {
  const current = versionOn(versions, day)
  return [...versions].sort().find((version) => version > day && version !== current)
}
