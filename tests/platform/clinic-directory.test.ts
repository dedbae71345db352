import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { batched } from '../../src/platform/clinic-directory.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic } from '../support/cast.ts'

describe('calls that share a query', () => {
  it('never get what was true only before they asked', async () => {
    // A store whose answer is fixed when the query starts, as a snapshot's is, and arrives later.
    let value = 0
    const release: (() => void)[] = []
    const read = batched<string, number>(async (keys) => {
      const seen = value
      await new Promise<void>((resolve) => release.push(resolve))
      return new Map(keys.map((key) => [key, seen]))
    })
    const early = read('a')
    value = 1
    const [late, later] = [read('a'), read('b')]
    release.shift()!()
    expect(await early).toBe(0)
    await expect.poll(() => release.length).toBe(1)
    release.shift()!()
    expect(await Promise.all([late, later])).toEqual([1, 1])
    expect(release).toHaveLength(0)
  })

  it('are few however many ask', async () => {
    let queries = 0
    const read = batched<number, number>((keys) => {
      queries++
      return Promise.resolve(new Map(keys.map((key) => [key, key * 2])))
    })
    const found = await Promise.all(Array.from({ length: 100 }, (_, i) => read(i % 10)))
    expect(found).toEqual(Array.from({ length: 100 }, (_, i) => (i % 10) * 2))
    expect(queries).toBe(2)
  })

  it('fail together, and the next ones are asked anew', async () => {
    let broken = true
    const read = batched<string, string>(() =>
      broken ? Promise.reject(new Error('away')) : Promise.resolve(new Map([['a', 'found']])),
    )
    const failed = await Promise.allSettled([read('a'), read('a'), read('b')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    broken = false
    expect(await read('a')).toBe('found')
    expect(await read('unknown')).toBeUndefined()
  })
})

describe('the directory of clinics', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('finds a clinic by address and by id, each time as it stands now', async () => {
    const clinic = await makeClinic(app)
    const first = (await app.services.clinics.bySlug(clinic.slug))!
    expect(first).toMatchObject({ id: clinic.id, zone: 'Asia/Karachi', currency: 'PKR', status: 'active' })
    await clinic.inClinic((ctx) => Promise.resolve(ctx.settingsChanged()))
    const next = (await app.services.clinics.byId(clinic.id))!
    expect(next.diaryVersion).toBe(first.diaryVersion + 1)
    expect(next.settingsVersion).toBe(first.settingsVersion + 1)
  })

  it('knows nobody else', async () => {
    expect(await app.services.clinics.bySlug('nobody')).toBeUndefined()
    expect(await app.services.clinics.byId(newId<'clinic'>())).toBeUndefined()
  })
})
