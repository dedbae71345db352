// How a simulator calls the product back, whichever provider it stands in for.

/** The HTTP status of the answer; 0 is no answer. */
export async function postWebhook(url: string, body: string, headers: Record<string, string>): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
      headers,
      body,
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return 0
  }
}

export const isTaken = (answer: number): boolean => answer >= 200 && answer < 300

export const inWords = (answer: number): string => (answer === 0 ? 'no answer' : String(answer))

/** Milliseconds after which what was not taken is sent again. */
export const retryGaps = [1_000, 5_000, 30_000, 120_000]

/** One request between the two sides, as the page shows it. */
export type Line = { at: number; way: 'to us' | 'to the product'; what: string; answer: string; ok: boolean }
