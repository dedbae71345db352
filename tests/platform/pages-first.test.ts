import { Router } from 'express'
import { expect, it, vi } from 'vitest'
import { createPagesFirst } from '../../src/platform/pages-first.ts'
import { startTestApp } from '../support/app.ts'

/** A clock that only waiting moves on; `during` happens in the middle of each wait. */
function scene(during: () => void = () => undefined) {
  let at = 0
  const pagesFirst = createPagesFirst(
    () => at,
    (ms = 0) => {
      at += ms / 2
      during()
      at += ms / 2
      return Promise.resolve() as never
    },
  )
  return { pagesFirst, at: () => at }
}

it('lets work go on at once when nobody asks for anything', async () => {
  const { pagesFirst, at } = scene()
  await pagesFirst.gap()
  expect(at()).toBe(0)
})

it('waits until a moment has passed since the last request', async () => {
  const { pagesFirst, at } = scene()
  pagesFirst.seen()
  await pagesFirst.gap()
  expect(at()).toBe(15)
})

it('starts the moment anew with every request', async () => {
  let more = 3
  const { pagesFirst, at } = scene(() => {
    if (more-- > 0) pagesFirst.seen()
  })
  pagesFirst.seen()
  await pagesFirst.gap()
  expect(at()).toBeGreaterThan(15)
  expect(at()).toBeLessThan(200)
})

it('goes on after a fifth of a second however many come', async () => {
  const { pagesFirst, at } = scene(() => pagesFirst.seen())
  pagesFirst.seen()
  await pagesFirst.gap()
  expect(at()).toBeGreaterThanOrEqual(200)
  expect(at()).toBeLessThan(202)
})

it('hears of a request when it comes and when it is answered', async () => {
  let uponArrival = 0
  const app = await startTestApp({
    outside: ({ pagesFirst }) => {
      const seen = vi.spyOn(pagesFirst, 'seen')
      return Router().get('/seen', (_req, res) => {
        uponArrival = seen.mock.calls.length
        res.send('')
      })
    },
  })
  try {
    await app.agent().get('/seen').expect(200)
    expect(uponArrival).toBe(1)
    // The server may hear of the end a moment after the client.
    await expect.poll(() => vi.mocked(app.services.pagesFirst).seen.mock.calls.length).toBe(2)
  } finally {
    await app.stop()
  }
})
