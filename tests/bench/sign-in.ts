// Twenty people signing in at once: `npm run bench -- --only "sign-in"`. How long each waits, how long everything else
// waits meanwhile, and whether the time tells who has an account.
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { newId } from '../../src/kernel/ids.ts'
import { createPasswords } from '../../src/platform/passwords.ts'
import { createAgent } from '../support/http.ts'
import type { Diary } from './fixtures.ts'
import type { Nabz } from './server.ts'

export const signInScenario = 'sign-in, 20 at once'
const atOnce = 20
const guesses = 30
const aims = { delayMs: 50, apart: 0.1 }
const password = 'a long sentence of the bench'

export async function measureSignIn(diary: Diary, nabz: Nabz, rounds: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: diary.superuserUrl, max: 1 })
  const run = newId().slice(-8)
  const emailOf = (number: number) => `person-${number}-${run}@bench.test`
  const hash = await createPasswords(readConfig(diary.env).passwordPepper).hash(password)
  for (let number = 0; number < rounds * atOnce + guesses; number++) {
    await pool.query(
      `insert into platform.users (id, email, name, password_hash, created_at) values ($1, $2, 'Bench', $3, now())`,
      [newId(), emailOf(number), hash],
    )
  }
  await pool.end()

  let address = 0
  /** From an address of one's own, so that no limit is met. */
  const signIn = async (email: string, typed: string, expected: number) => {
    address++
    const agent = createAgent(nabz.origin, `198.18.${Math.floor(address / 250)}.${(address % 250) + 1}`)
    await agent.getForm('/sign-in')
    const started = performance.now()
    const answer = await agent.postForm('/sign-in', { email, password: typed })
    if (answer.status !== expected) throw new Error(`signing in answers ${answer.status}`)
    return performance.now() - started
  }
  const sorted = (times: number[]) => [...times].sort((a, b) => a - b)
  const at = (times: number[], part: number) =>
    sorted(times)[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0

  const alone = await signIn(emailOf(0), password, 303)
  const times: number[] = []
  await nabz.delayP99()
  for (let round = 0; round < rounds; round++) {
    const people = Array.from({ length: atOnce }, (_one, index) => emailOf(round * atOnce + index))
    times.push(...(await Promise.all(people.map((email) => signIn(email, password, 303)))))
  }
  const delay = await nabz.delayP99()

  const [known, unknown]: [number[], number[]] = [[], []]
  for (let guess = 0; guess < guesses; guess++) {
    known.push(await signIn(emailOf(rounds * atOnce + guess), 'not that sentence', 422))
    unknown.push(await signIn(`nobody-${guess}-${run}@bench.test`, 'not that sentence', 422))
  }
  const apart = Math.abs(at(known, 0.5) - at(unknown, 0.5)) / at(known, 0.5)
  const ms = (value: number) => `${value.toFixed(0)} ms`
  const met = (is: boolean) => (is ? 'ok' : 'NOT MET')
  process.stdout.write(
    [
      `\n${signInScenario} (aim: event loop late by < ${aims.delayMs} ms at p99, medians within ${aims.apart * 100} %)`,
      `  alone ${ms(alone)}   at once p50 ${ms(at(times, 0.5))}   p95 ${ms(at(times, 0.95))}`,
      `  event loop late p99 ${delay.toFixed(1)} ms   ${met(delay < aims.delayMs)}`,
      `  wrong password, known ${ms(at(known, 0.5))}, unknown ${ms(at(unknown, 0.5))}: ${(apart * 100).toFixed(1)} % apart   ${met(apart < aims.apart)}`,
      '',
    ].join('\n'),
  )
}
