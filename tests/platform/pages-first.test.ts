import { expect, it } from 'vitest'
import { createPagesFirst } from '../../src/platform/pages-first.ts'

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
