import pg from 'pg'
import { vi } from 'vitest'

/** What belongs to no request: word of an earlier commit, and what a new connection is greeted with. */
const nobodys = /^select (pg_notify\(channel, payload\) from unnest|version\(\))/

/** The statements every connection of the application is sent while something happens. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const spy = vi.spyOn(pg.Client.prototype, 'query')
  try {
    await work()
    const texts = spy.mock.calls.map(([said]: unknown[]) =>
      typeof said === 'string' ? said : ((said as { text?: string }).text ?? ''),
    )
    return texts.filter((text) => !nobodys.test(text))
  } finally {
    spy.mockRestore()
  }
}
