// security.md 15: whatever is done to a clinic's audit log behind the application's back is found, and the first entry it
// was done to is named.
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { linkEntries, publishHeads, verifyTrail } from '../../src/features/trail/actions.ts'
import { checkTrail } from '../../src/features/trail/actions/owner.ts'
import { applyRetention } from '../../src/features/privacy/actions.ts'
import { newId } from '../../src/kernel/ids.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { audit } from '../../src/platform/audit.ts'
import type { TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'
import { makeClinic, withClinic, type TestClinic } from '../support/cast.ts'

let app: TestApp
let clinic: TestClinic
withClinic((started) => ({ app, clinic } = started))

async function write(count: number, where = clinic): Promise<void> {
  for (let i = 0; i < count; i++) {
    await where.inClinic(async (ctx) => {
      const record = { kind: 'service', id: newId() }
      await audit(
        ctx,
        'service.changed',
        record,
        { price_minor: i, b: true, a: null },
        { before: { name: `Old ${i}` } },
      )
      return { ok: true }
    })
    app.clock.advance({ seconds: 1 })
  }
}

const link = async (where = clinic) => linkEntries(app.services, await where.proven())
const verify = async (where = clinic) => verifyTrail(app.services, await where.proven())
const publish = () => publishHeads(app.services)

type LinkRow = { seq: number; entryId: string }
const links = () =>
  app.superuser<LinkRow>(
    `select seq::int as seq, entry_id as "entryId" from clinic.audit_links where clinic_id = $1 order by seq`,
    [clinic.id],
  )
const entryAt = async (seq: number) => (await links()).find((one) => one.seq === seq)?.entryId ?? ''

/** Ten linked entries of which somebody with the database in hand takes care. */
async function tampered(sql: string, bindings: unknown[] = []): Promise<unknown> {
  await app.superuser(sql, bindings)
  return (await verify()).bad
}

describe('the chain over a clinic’s log', () => {
  it('holds for what was written, and goes on', async () => {
    await write(3)
    const before = await link()
    expect(before).toBeGreaterThanOrEqual(3)
    await write(2)
    expect(await link()).toBe(2)
    expect(await link()).toBe(0)
    const verdict = await verify()
    expect(verdict).toMatchObject({ bad: undefined, entries: before + 2, head: { seq: before + 2 } })
  })

  it('links more than one batch', async () => {
    await app.superuser(
      `insert into clinic.audit_entries (clinic_id, id, at, actor_kind, action, salt, origin_digest)
       select $1, gen_random_uuid(), $2::timestamptz - interval '1 hour' + i * interval '1 second', 'system', 'x.done', s, sha256(s || convert_to('[null,null]', 'utf8'))
       from generate_series(1, 1200) i, lateral (select decode(md5(i::text), 'hex') as s) salts`,
      [clinic.id, app.clock.now().toString()],
    )
    expect(await link()).toBeGreaterThanOrEqual(1200)
    expect((await verify()).bad).toBeUndefined()
  })

  it.each([
    ['its action', `action = 'service.removed'`],
    ['its actor', `actor_id = gen_random_uuid()`],
    ['its role', `actor_role = 'doctor'`],
    ['its time', `at = at + interval '1 second'`],
    ['its record', `record_id = gen_random_uuid()`],
    ['a number in its details', `details = jsonb_set(details, '{price_minor}', '7777')`],
    ['a name in its details', `details = details || '{"x": 1}'`],
    ['its sealed details', `details_sealed = details_sealed || '\\x00'::bytea`],
    ['its request', `request_id = 'another'`],
    ['its address', `address = '203.0.113.9'`],
    ['its browser', `browser = 'Another'`],
    ['its address, erased before its time', `address = null, browser = null, salt = null`],
    [
      'the digest of its address',
      `salt = '\\x00', address = null, browser = null, origin_digest = sha256('\\x00'::bytea || convert_to('[null,null]', 'utf8'))`,
    ],
  ])('V16.4.2: notices when an entry is changed in %s', async (_what, change) => {
    await write(6)
    await link()
    const target = await entryAt(4)
    const bad = await tampered(`update clinic.audit_entries set ${change} where clinic_id = $1 and id = $2`, [
      clinic.id,
      target,
    ])
    expect(bad).toMatchObject({ defect: 'altered', seq: 4, entryId: target })
  })

  it('V16.4.2: notices when an entry is taken out, with its link or without', async () => {
    await write(6)
    await link()
    const [third, fifth] = [await entryAt(3), await entryAt(5)]
    const gone = `delete from clinic.audit_entries where clinic_id = $1 and id = $2`
    expect(await tampered(gone, [clinic.id, fifth])).toMatchObject({ defect: 'missing', seq: 5, entryId: fifth })
    await app.superuser(gone, [clinic.id, third])
    const bad = await tampered('delete from clinic.audit_links where clinic_id = $1 and entry_id = $2', [
      clinic.id,
      third,
    ])
    expect(bad).toMatchObject({ defect: 'gap', seq: 4 })
  })

  it('notices when a missing entry is passed off as one that is past keeping', async () => {
    await write(6)
    await link()
    await publish()
    await write(2)
    await link()
    const last = (await links()).at(-1)
    await app.superuser('delete from clinic.audit_entries where clinic_id = $1 and id = $2', [clinic.id, last?.entryId])
    const old = `update clinic.audit_links set at = at - interval '3 years' where clinic_id = $1 and entry_id = $2`
    expect(await tampered(old, [clinic.id, last?.entryId])).toMatchObject({ defect: 'missing', seq: last?.seq })
  })

  it('notices when two entries change places', async () => {
    await write(6)
    await link()
    const [second, fifth] = [await entryAt(2), await entryAt(5)]
    await app.superuser(`update clinic.audit_links set entry_id = gen_random_uuid() where clinic_id = $1 and seq = 2`, [
      clinic.id,
    ])
    await app.superuser('update clinic.audit_links set entry_id = $2 where clinic_id = $1 and seq = 5', [
      clinic.id,
      second,
    ])
    const bad = await tampered('update clinic.audit_links set entry_id = $2 where clinic_id = $1 and seq = 2', [
      clinic.id,
      fifth,
    ])
    expect(bad).toMatchObject({ defect: 'altered', seq: 2 })
  })

  it('notices an entry that is put in later', async () => {
    await write(6)
    await link()
    app.clock.advance({ hours: 24 * 3 })
    await write(1)
    await link()
    const id = newId()
    const bad = await tampered(
      `insert into clinic.audit_entries (clinic_id, id, at, actor_kind, action) values ($1, $2, $3, 'system', 'x.done')`,
      [clinic.id, id, app.clock.now().subtract({ hours: 60 }).toString()],
    )
    await link()
    expect(bad).toMatchObject({ defect: 'unlinked', entryId: id })
    expect((await verify()).bad).toMatchObject({ defect: 'unlinked', entryId: id })
  })

  it('notices when the end is cut off behind a head that was published', async () => {
    await write(6)
    await link()
    await publish()
    const [{ seq: top } = { seq: 0 }] = (await links()).slice(-1)
    await app.superuser(
      `delete from clinic.audit_entries e using clinic.audit_links l
       where e.clinic_id = $1 and l.clinic_id = e.clinic_id and l.entry_id = e.id and l.seq > $2`,
      [clinic.id, top - 2],
    )
    const bad = await tampered('delete from clinic.audit_links where clinic_id = $1 and seq > $2', [clinic.id, top - 2])
    expect(bad).toEqual({ defect: 'cut', seq: top - 1, entryId: null, at: null })
  })

  it('notices when the beginning is cut off before its time', async () => {
    await write(6)
    await link()
    await publish()
    await app.superuser(
      `delete from clinic.audit_entries e using clinic.audit_links l
       where e.clinic_id = $1 and l.clinic_id = e.clinic_id and l.entry_id = e.id and l.seq <= 3`,
      [clinic.id],
    )
    expect(
      await tampered('delete from clinic.audit_links where clinic_id = $1 and seq < 3', [clinic.id]),
    ).toMatchObject({
      defect: 'cut',
      seq: 3,
    })
    const bad = await tampered('delete from clinic.audit_links where clinic_id = $1 and seq <= 3', [clinic.id])
    expect(bad).toMatchObject({ defect: 'cut', seq: 4 })
  })

  it('notices a chain that was made anew from the altered log', async () => {
    await write(6)
    await link()
    await publish()
    const target = await entryAt(2)
    await app.superuser(`update clinic.audit_entries set action = 'x.forged' where clinic_id = $1 and id = $2`, [
      clinic.id,
      target,
    ])
    await app.superuser('delete from clinic.audit_links where clinic_id = $1', [clinic.id])
    await app.superuser('delete from clinic.audit_chains where clinic_id = $1', [clinic.id])
    await app.superuser('delete from clinic.audit_heads where clinic_id = $1', [clinic.id])
    await link()
    expect((await verify()).bad).toMatchObject({ defect: 'rewritten' })
  })

  it('takes no other clinic’s chain for its own', async () => {
    const twin = await makeClinic(app)
    await write(3)
    await write(3, twin)
    await link()
    await link(twin)
    await app.superuser('delete from clinic.audit_entries where clinic_id = $1', [clinic.id])
    await app.superuser('delete from clinic.audit_links where clinic_id = $1', [clinic.id])
    for (const table of ['audit_entries', 'audit_links']) {
      await app.superuser(`create temporary table copied as select * from clinic.${table} where clinic_id = '${twin.id}';
        update copied set clinic_id = '${clinic.id}'; insert into clinic.${table} select * from copied; drop table copied`)
    }
    expect((await verify(twin)).bad).toBeUndefined()
    expect((await verify()).bad).toMatchObject({ defect: 'altered', seq: 1 })
  })

  it('says so when the published heads themselves are not legible', async () => {
    await write(1)
    await publish()
    const file = join(app.services.config.auditHeadsDir, `${clinic.id}.heads`)
    const before = await readFile(file, 'utf8')
    await appendFile(file, '{"at":"yesterday"}\n')
    await expect(verify()).rejects.toThrow()
    await writeFile(file, before)
    expect((await verify()).bad).toBeUndefined()
  })
})

describe('linking', () => {
  it('leaves no gap and no fork under eight writers, three linkers and one that is killed', async () => {
    await link()
    const [{ seq: begun } = { seq: 0 }] = (await links()).slice(-1)
    const writers = Array.from({ length: 8 }, () => write(12))
    const linkers = Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 8; i++) await link()
    })
    const killed = (async () => {
      for (let i = 0; i < 6; i++) {
        const held = app.services.inClinic(
          await clinic.proven(),
          { kind: 'system', job: 'x' },
          { requestId: 'x' },
          async (ctx) => {
            await ctx.db.raw('select 1 from clinic.audit_chains where clinic_id = ? for update', [clinic.id])
            await ctx.db.raw(
              'insert into clinic.audit_links (clinic_id, seq, entry_id, at, hash) select ?, coalesce(max(seq), 0) + 1, gen_random_uuid(), now(), sha256(?) from clinic.audit_links where clinic_id = ?',
              [clinic.id, Buffer.from('x'), clinic.id],
            )
            // As when the process is killed: the server ends its connection in the middle of the work.
            await ctx.db.raw('select pg_terminate_backend(pg_backend_pid())')
            return { ok: true }
          },
        )
        await held.catch(() => undefined)
      }
    })()
    await Promise.all([...writers, ...linkers, killed])
    await link()
    const all = await links()
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_one, index) => index + 1))
    expect(all.length).toBe(begun + 96)
    expect(await verify()).toMatchObject({ bad: undefined, entries: begun + 96 })
  })
})

describe('what may go', () => {
  it('X5: stays whole when addresses are erased after 30 days and entries after 12 months', async () => {
    // The database's own clock decides: what must be found is old by that one too.
    const real = Temporal.Now.instant()
    app.clock.set(real)
    await write(6)
    const order = await app.superuser<{ id: string }>(
      'select id from clinic.audit_entries where clinic_id = $1 order by at, id',
      [clinic.id],
    )
    const age = (ids: { id: string }[], by: string) =>
      app.superuser(
        `update clinic.audit_entries set at = at - interval '${by}' where clinic_id = $1 and id = any($2::uuid[])`,
        [clinic.id, ids.map(({ id }) => id)],
      )
    const [years, months] = [order.slice(0, 3), order.slice(3, 5)]
    await age(years, '400 days')
    await age(months, '31 days')
    await link()
    const [{ seq: top } = { seq: 0 }] = (await links()).slice(-1)
    expect(top).toBe(order.length)
    const first = await verify()
    expect(first.bad).toBeUndefined()

    await applyRetention(app.services, { everyClinic: true })
    const left = await app.superuser<{ id: string; salted: boolean }>(
      'select id, salt is not null as salted from clinic.audit_entries where clinic_id = $1 order by at, id',
      [clinic.id],
    )
    expect(left.map(({ id }) => id)).toEqual(order.slice(3).map(({ id }) => id))
    expect(left.slice(0, 2).map(({ salted }) => salted)).toEqual([false, false])
    // The last link of what is gone is what the rest begins with.
    expect((await links()).map(({ seq }) => seq)[0]).toBe(3)
    expect(await verify()).toEqual({ ...first, entries: first.entries - 3 })

    await write(2)
    await link()
    await publish()
    expect((await verify()).bad).toBeUndefined()
    const bad = await tampered('delete from clinic.audit_links where clinic_id = $1 and seq = 3', [clinic.id])
    expect(bad).toMatchObject({ defect: 'cut', seq: 4 })
  })
})

describe('a long log', () => {
  it('is checked at once only behind a seal that was published, says so, and there finds the same', async () => {
    for (let day = 0; day < 3; day++) {
      await write(4)
      await publish()
      app.clock.advance({ hours: 24 })
    }
    await write(2)
    await link()
    const some = async (most: number) => verifyTrail(app.services, await clinic.proven(), { most })
    const heads = await app.services.auditHeads.list(clinic.id)
    const all = await verify()
    expect(all).toMatchObject({ from: undefined, bad: undefined })
    expect(await some(all.entries)).toEqual(all)
    expect(await some(6)).toMatchObject({ from: heads[1], entries: 6, head: all.head, bad: undefined })
    // A day that wrote more than that is gone through all the same.
    expect(await some(1)).toMatchObject({ from: heads[2], entries: 2, bad: undefined })
    const owner = await clinic.as(clinic.cast.nadia)
    const path = `/app/${clinic.slug}/settings/log/check`
    await checkTrail(app.services, await clinic.proven(), (work) => clinic.inClinic(work), 6)
    expect(wordsOf((await owner.get(path).expect(200)).text)).toContain('The log is long, so this check went through')
    await owner.postForm(path).expect(303)
    expect(wordsOf((await owner.get(path)).text)).not.toContain('The log is long')
    const behind = await entryAt(heads[1]!.seq + 1)
    await app.superuser('update clinic.audit_entries set action = $2 where id = $1', [behind, 'other.thing'])
    expect((await some(6)).bad).toMatchObject({ defect: 'altered', seq: heads[1]!.seq + 1 })
    expect((await some(1)).bad).toBeUndefined()
  })
})

describe('publishing', () => {
  it('happens once a day for what grew, in the store of heads and by mail as the clinic chose', async () => {
    const start = Temporal.Instant.from('2031-03-03T03:00:00Z')
    app.clock.set(start)
    const heads = async () => (await app.services.auditHeads.list(clinic.id)).length
    const mails = async () => {
      const [row] = await app.superuser<{ count: number }>(
        `select count(*)::int as count from platform.mails where kind = 'audit_head' and created_at >= $1`,
        [start.toString()],
      )
      return row?.count
    }
    const days: (number | undefined)[][] = []
    for (let day = 0; day < 9; day++) {
      if (day !== 2) await write(1)
      await Promise.all([publish(), publish()])
      days.push([await heads(), await mails()])
      app.clock.advance({ hours: 24 })
    }
    // A Monday, the silent Wednesday, and the Monday after it.
    expect(days).toEqual([
      [1, 1], [2, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1], [7, 2], [8, 2],
    ]) // prettier-ignore
    await app.superuser(`update clinic.profiles set audit_mail = 'daily' where clinic_id = $1`, [clinic.id])
    await write(1)
    await publish()
    expect([await heads(), await mails()]).toEqual([9, 3])
    await app.superuser(`update clinic.profiles set audit_mail = 'never' where clinic_id = $1`, [clinic.id])
    app.clock.advance({ hours: 24 * 7 })
    await write(1)
    await publish()
    expect([await heads(), await mails()]).toEqual([10, 3])
    expect((await verify()).bad).toBeUndefined()
  })
})
