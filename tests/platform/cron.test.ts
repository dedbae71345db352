import { describe, expect, it } from 'vitest'
import { startJobs } from '../../src/platform/cron.ts'
import { createLog } from '../../src/platform/log.ts'

/** A job that only runs when woken, one run at a time in the test's hands. */
function jobInHand() {
  const runs: { end(): void; fail(): void }[] = []
  let wake: () => void = () => undefined
  const lines: string[] = []
  const jobs = startJobs(
    [
      {
        name: 'test',
        // Once in four years.
        schedule: '0 0 0 29 2 *',
        wakes: (start) => {
          wake = start
          return () => {
            wake = () => undefined
          }
        },
        run: () =>
          new Promise<void>((resolve, reject) => {
            runs.push({ end: resolve, fail: () => reject(new Error('broken')) })
          }),
      },
    ],
    createLog('error', (line) => lines.push(line)),
  )
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { runs, jobs, lines, wake: () => wake(), settle }
}

describe('a job', () => {
  it('woken while it runs, runs once more when it is done, however often it was woken', async () => {
    const { runs, jobs, wake, settle } = jobInHand()
    wake()
    wake()
    wake()
    expect(runs).toHaveLength(1)
    runs[0]!.end()
    await settle()
    expect(runs).toHaveLength(2)
    runs[1]!.end()
    await settle()
    expect(runs).toHaveLength(2)
    await jobs.stop()
  })

  it('that fails is logged and runs the next time', async () => {
    const { runs, jobs, lines, wake, settle } = jobInHand()
    wake()
    runs[0]!.fail()
    await settle()
    expect(lines.join()).toContain('job.failed')
    wake()
    expect(runs).toHaveLength(2)
    runs[1]!.end()
    await jobs.stop()
  })

  it('is waited for when the process stops, and not started again', async () => {
    const { runs, jobs, wake, settle } = jobInHand()
    wake()
    wake()
    let stopped = false
    const stopping = jobs.stop().then(() => {
      stopped = true
    })
    await settle()
    expect(stopped).toBe(false)
    runs[0]!.end()
    await stopping
    wake()
    expect(runs).toHaveLength(1)
  })
})
