/** Tries in all, the first included, before a message is given up. */
export const maxAttempts = 8

/** How long the claim on a batch holds; a process that dies gives its messages back after that. */
export const claimSeconds = 120
/** How long one send may take, recording it included. Longer than any channel's own time limit. */
export const sendingSeconds = 60
/** How long to wait for word of a message that may have gone out, before sending it once more. */
export const unknownSeconds = 300

const capSeconds = 30 * 60

/**
 * Seconds until the next try, growing from half a minute (a code, which dies in minutes: from four seconds) to half an
 * hour. `chance` in [0, 1) spreads what failed together; a wait the peer named is the least.
 */
export function retryDelay(kind: string, attempt: number, chance: number, after = 0): number {
  const base = kind === 'code' ? 4 : 30
  const full = Math.min(base * 2 ** (attempt - 1), capSeconds)
  return Math.max(Math.ceil(full / 2 + (full / 2) * chance), Math.ceil(after * (1 + chance / 4)))
}
