// Answers that are kept while they are true. No database: the clinic is what its door would say, the answers are counted.
import { beforeEach, expect, it } from 'vitest'
import { whileTrue } from '../../src/features/availability/actions/kept.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { proveClinic, type Clinic } from '../../src/platform/clinic-scope.ts'

const noon = Temporal.Instant.from('2026-11-24T07:00:00Z')

let clinic: Clinic
let made = 0
beforeEach(() => {
  // Of its own, since a process keeps answers over its files.
  clinic = clinicAt({ diaryVersion: 1, settingsVersion: 1 }, newId<'clinic'>())
  made = 0
})

function clinicAt(versions: { diaryVersion: number; settingsVersion: number }, id = clinic.id): Clinic {
  return proveClinic({
    id,
    ...versions,
    slug: 'shifa',
    name: 'Shifa Clinic',
    city: 'Karachi',
    country: 'PK',
    specialty: 'general',
    zone: 'Asia/Karachi',
    currency: 'PKR',
    language: 'en',
    accent: 'teal',
    placement: 'main',
    status: 'active',
    plan: 'basic',
    practitionerLimit: null,
    locationLimit: null,
    bookingLimit: null,
    messageLimit: null,
    features: [],
    listed: false,
    usageMonth: null,
    bookingsUsed: 0,
    messagesUsed: 0,
  })
}

/** The number of the answer: how many were made so far. */
const ask = (of: Clinic = clinic, now = noon, validUntil?: Temporal.Instant, question = 'free') =>
  whileTrue(of, now, question, () => Promise.resolve({ value: ++made, validUntil }))

/** An answer that takes until it is told what to be. */
function slowly() {
  let finish: (value: string) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const value = new Promise<string>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  let times = 0
  const answer = async () => {
    times++
    return { value: await value, validUntil: undefined }
  }
  return { answer, finish, fail, times: () => times }
}

it('is made once while nothing changes', async () => {
  expect([await ask(), await ask(), await ask()]).toEqual([1, 1, 1])
})

it('is another for another question and for another clinic', async () => {
  const elsewhere = clinicAt({ diaryVersion: 1, settingsVersion: 1 }, newId<'clinic'>())
  expect([await ask(), await ask(clinic, noon, undefined, 'busy'), await ask(elsewhere), await ask()]).toEqual([
    1, 2, 3, 1,
  ])
})

it.each([
  { diaryVersion: 2, settingsVersion: 1 },
  { diaryVersion: 1, settingsVersion: 2 },
])('is made anew once there is %o', async (versions) => {
  await ask()
  expect(await ask(clinicAt(versions))).toBe(2)
  expect(await ask(clinicAt(versions))).toBe(2)
})

it('ends with the moment until which it is true', async () => {
  const end = noon.add({ minutes: 5 })
  await ask(clinic, noon, end)
  expect(await ask(clinic, end.subtract({ milliseconds: 1 }), end)).toBe(1)
  expect(await ask(clinic, end, end.add({ minutes: 5 }))).toBe(2)
})

it('is waited for by all who read the same versions', async () => {
  const slow = slowly()
  const both = [1, 2].map(() => whileTrue(clinic, noon, 'free', slow.answer))
  slow.finish('one for both')
  expect(await Promise.all(both)).toEqual(['one for both', 'one for both'])
  expect(slow.times()).toBe(1)
})

it('is not shared by those who read other versions, whoever is done first', async () => {
  const fresh = clinicAt({ diaryVersion: 2, settingsVersion: 1 })
  const [old, young] = [slowly(), slowly()]
  const waiting = whileTrue(clinic, noon, 'free', old.answer)
  const later = whileTrue(fresh, noon, 'free', young.answer)
  young.finish('as of two')
  expect(await later).toBe('as of two')
  old.finish('as of one')
  expect(await waiting).toBe('as of one')
  // The late one has not put away what is true now.
  expect(await ask(fresh)).toBe('as of two')
})

it('that fails is not kept: who waits for it hears so, and who comes next asks anew', async () => {
  const slow = slowly()
  const both = [1, 2].map(() => whileTrue(clinic, noon, 'free', slow.answer))
  slow.fail(new Error('the database is away'))
  for (const one of await Promise.allSettled(both)) {
    expect(one).toMatchObject({ status: 'rejected', reason: { message: 'the database is away' } })
  }
  expect(await ask()).toBe(1)
})
