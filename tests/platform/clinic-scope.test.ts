import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { done, refuse } from '../../src/kernel/outcome.ts'
import type { Ctx } from '../../src/platform/clinic-scope.ts'
import { rows } from '../../src/platform/db/rows.ts'
import type { Notice } from '../../src/platform/db/notifications.ts'
import { SealError } from '../../src/platform/seal/envelope.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { makeClinic, type TestClinic } from '../support/cast.ts'

let app: TestApp
let clinic: TestClinic
beforeAll(async () => {
  // Two connections for everything, so that whatever one transaction leaves behind the next would find.
  app = await startTestApp({ pool: 2 })
  clinic = await makeClinic(app)
})
afterAll(() => app.stop())

const addLocation = (ctx: Ctx, name: string) =>
  ctx.db
    .withSchema('clinic')
    .table('locations')
    .insert({ clinic_id: ctx.clinic.id, id: newId(), name, address: 'x', created_at: ctx.now })
const locationNames = async () =>
  (await app.superuser<{ name: string }>('select name from clinic.locations where clinic_id = $1', [clinic.id])).map(
    ({ name }) => name,
  )
const versions = async () => {
  const [row] = await app.superuser<{ diary: number; settings: number }>(
    'select diary_version as diary, settings_version as settings from platform.diaries where clinic_id = $1',
    [clinic.id],
  )
  return row!
}

describe('work in a clinic', () => {
  it('is kept when it is done', async () => {
    const outcome = await clinic.inClinic(async (ctx) => {
      await addLocation(ctx, 'kept')
      return done('yes')
    })
    expect(outcome).toEqual({ ok: true, value: 'yes' })
    expect(await locationNames()).toContain('kept')
  })

  it('is undone as a whole when it is refused, versions included, and the refusal is the answer', async () => {
    const before = await versions()
    const outcome = await clinic.inClinic(async (ctx) => {
      await addLocation(ctx, 'refused')
      ctx.settingsChanged()
      return refuse('too_late')
    })
    expect(outcome).toEqual({ ok: false, reason: 'too_late' })
    expect(await locationNames()).not.toContain('refused')
    expect(await versions()).toEqual(before)
  })

  it('is undone when it throws, and what was thrown arrives as it was', async () => {
    const mishap = new Error('mishap')
    const attempt = clinic.inClinic(async (ctx) => {
      await addLocation(ctx, 'thrown')
      throw mishap
    })
    await expect(attempt).rejects.toBe(mishap)
    expect(await locationNames()).not.toContain('thrown')
  })

  it('cannot go on after an error of the database as if nothing had been', async () => {
    const attempt = clinic.inClinic(async (ctx) => {
      await ctx.db.raw('select 1/0').catch(() => undefined)
      await addLocation(ctx, 'after an error')
    })
    await expect(attempt).rejects.toMatchObject({ code: '25P02' })
    expect(await locationNames()).not.toContain('after an error')
  })

  it('knows its clinic from the first statement on, also where several go at once', async () => {
    const named = (ctx: Ctx) => rows<{ id: string }>(ctx.db, `select current_setting('app.clinic_id') as id`)
    const found = await clinic.inClinic((ctx) => Promise.all([named(ctx), named(ctx)]))
    expect(found.flat().map(({ id }) => id)).toEqual([clinic.id, clinic.id])
  })

  it('fails when its connection is lost, and the next has another', async () => {
    const attempt = clinic.inClinic(async (ctx) => {
      await addLocation(ctx, 'lost')
      await rows(ctx.db, 'select pg_terminate_backend(pg_backend_pid())')
    })
    await expect(attempt).rejects.toThrow()
    expect(await locationNames()).not.toContain('lost')
    expect(await clinic.inClinic((ctx) => rows(ctx.db, 'select 1 as one'))).toEqual([{ one: 1 }])
  })

  it('lets nothing follow its end', async () => {
    const left = await clinic.inClinic((ctx) => Promise.resolve({ ctx }))
    await expect(rows(left.ctx.db, 'select 1')).rejects.toThrow('after the end of its transaction')
  })

  it('counts up the versions it says it changed, and tells whoever listens, once and only after commit', async () => {
    const heard: Notice[] = []
    const stop = app.services.notifications.subscribe((notice) => heard.push(notice))
    const before = await versions()
    await clinic.inClinic((ctx) => {
      ctx.diaryChanged()
      ctx.diaryChanged()
      return Promise.resolve()
    })
    expect(await versions()).toEqual({ diary: before.diary + 1, settings: before.settings })
    await clinic.inClinic((ctx) => {
      ctx.settingsChanged()
      ctx.messagesQueued()
      return Promise.resolve(refuse('never_mind'))
    })
    await clinic.inClinic((ctx) => {
      ctx.settingsChanged()
      ctx.messagesQueued()
      return Promise.resolve()
    })
    expect(await versions()).toEqual({ diary: before.diary + 2, settings: before.settings + 1 })
    await expect.poll(() => heard.length).toBeGreaterThanOrEqual(3)
    expect(heard).toEqual([
      { channel: 'nabz_diary', clinicId: clinic.id, diary: before.diary + 1 },
      { channel: 'nabz_diary', clinicId: clinic.id, diary: before.diary + 2 },
      { channel: 'nabz_messages', clinicId: clinic.id },
    ])
    stop()
  })

  it('changes no version when it changed nothing', async () => {
    const before = await versions()
    await clinic.inClinic((ctx) => ctx.db.raw('select 1'))
    expect(await versions()).toEqual(before)
  })

  it('reads the time once', async () => {
    const times = await clinic.inClinic((ctx) => {
      const first = ctx.now
      app.clock.advance({ minutes: 5 })
      return Promise.resolve([first, ctx.now])
    })
    expect(times[0]).toBe(times[1])
  })

  it('is impossible once the clinic’s key is destroyed', async () => {
    const erased = await makeClinic(app)
    await app.services.keys.destroyFor(erased.id)
    await expect(erased.inClinic(() => Promise.resolve('in'))).rejects.toThrow(SealError)
  })
})

describe('work that relies on the settings', () => {
  const other = () =>
    clinic.inClinic((ctx) => {
      ctx.settingsChanged()
      return Promise.resolve()
    })
  const met = () => versions().then(({ settings }) => settings)
  const bookings = async () => {
    const found = await app.superuser<{ count: number }>(
      `select coalesce(sum(count), 0)::int as count from platform.daily_counts where clinic_id = $1 and metric = 'bookings'`,
      [clinic.id],
    )
    return found[0]!.count
  }

  it('is done once more, with the clinic as it is then, when they changed meanwhile; nothing of the first stays', async () => {
    const [before, counted] = [await met(), await bookings()]
    const seen: number[] = []
    await clinic.inClinic(async (ctx) => {
      seen.push(ctx.clinic.settingsVersion)
      ctx.reliesOnSettings()
      ctx.diaryChanged()
      ctx.tally('bookings')
      await addLocation(ctx, `done ${seen.length}`)
      if (seen.length === 1) await other()
    })
    expect(seen).toEqual([before, before + 1])
    const names = await locationNames()
    expect([names.includes('done 1'), names.includes('done 2')]).toEqual([false, true])
    expect(await bookings()).toBe(counted + 1)
  })

  it.each([
    ['did not say so', (ctx: Ctx) => ctx.diaryChanged()],
    ['wrote nothing to the diary', (ctx: Ctx) => ctx.reliesOnSettings()],
  ])('is done once when it %s', async (_name, says) => {
    let runs = 0
    await clinic.inClinic(async (ctx) => {
      runs++
      says(ctx)
      await other()
    })
    expect(runs).toBe(1)
  })

  it('may change them itself', async () => {
    let runs = 0
    const changing = (meanwhile: () => Promise<void>) =>
      clinic.inClinic(async (ctx) => {
        runs++
        ctx.reliesOnSettings()
        ctx.settingsChanged()
        await meanwhile()
      })
    await changing(() => Promise.resolve())
    expect(runs).toBe(1)
    await changing(() => (runs === 2 ? other() : Promise.resolve()))
    expect(runs).toBe(3)
  })

  it('is answered when it is refused, whatever changed', async () => {
    let runs = 0
    const refused = await clinic.inClinic(async (ctx) => {
      runs++
      ctx.reliesOnSettings()
      ctx.diaryChanged()
      await other()
      return refuse('taken')
    })
    expect([refused, runs]).toEqual([{ ok: false, reason: 'taken' }, 1])
  })

  it('fails rather than go on for ever', async () => {
    let runs = 0
    const attempt = clinic.inClinic(async (ctx) => {
      runs++
      ctx.reliesOnSettings()
      ctx.diaryChanged()
      await addLocation(ctx, 'never')
      await other()
    })
    await expect(attempt).rejects.toThrow('changed each time')
    expect(runs).toBe(5)
    expect(await locationNames()).not.toContain('never')
  })
})

describe('connections that serve one clinic after another', () => {
  it('know no clinic between transactions', async () => {
    await clinic.inClinic((ctx) => ctx.db.raw('select 1'))
    await clinic.inClinic(() => Promise.resolve(refuse('no')))
    for (let i = 0; i < 4; i++) {
      const [row] = await rows<{ id: string | null }>(
        app.services.db,
        `select current_setting('app.clinic_id', true) as id`,
      )
      expect(row?.id ?? '').toBe('')
      await expect(rows(app.services.db, 'select * from clinic.patients')).rejects.toMatchObject({
        code: expect.stringMatching(/42704|22P02/) as unknown,
      })
    }
  })

  it('V8.4.1: never mix two clinics in 1,000 interleaved units of work over a pool of two', async () => {
    const twins = [await makeClinic(app), await makeClinic(app)]
    for (const twin of twins) await twin.inClinic((ctx) => addLocation(ctx, `of ${twin.slug}`))
    const proven = await Promise.all(twins.map((twin) => twin.proven()))
    const visit = async (unit: number) => {
      const twin = twins[unit % 2]!
      const fails = unit % 7 === 0
      const seen = await app.services
        .inClinic(proven[unit % 2]!, { kind: 'visitor' }, { requestId: 'x' }, async (ctx) => {
          const found = await rows<{ name: string; id: string }>(
            ctx.db,
            `select name, current_setting('app.clinic_id') as id from clinic.locations where name like 'of %'`,
          )
          if (fails) throw new Error(JSON.stringify(found))
          return unit % 5 === 0 ? { ...refuse('no'), found } : { found }
        })
        .catch((error: unknown) => ({ found: JSON.parse((error as Error).message) as unknown }))
      expect(seen.found).toEqual([{ name: `of ${twin.slug}`, id: twin.id }])
    }
    // Batches, so that none waits for a connection longer than a request would.
    for (let from = 0; from < 1000; from += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => visit(from + i)))
    }
  })
})
