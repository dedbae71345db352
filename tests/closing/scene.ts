// Closing a clinic as its owner does, and time that goes by.
import { Temporal } from '../../src/kernel/time.ts'
import { testNow, type TestApp } from '../support/app.ts'
import type { TestClinic } from '../support/cast.ts'

export const day = 24 * 3_600
export const start = Temporal.Instant.from(testNow)
/** The last second in which whoever closes at `start` may still take it back. */
export const undoEnd = start.add({ hours: 7 * 24 })
export const closingPath = ({ slug }: TestClinic) => `/app/${slug}/settings/privacy/closing`

/** Fills in the form and sends it, as Nadia. */
export async function closeIt(clinic: TestClinic, fields: Record<string, string> = {}): Promise<void> {
  const nadia = await clinic.as(clinic.cast.nadia)
  const answer = await nadia.postForm(closingPath(clinic), {
    tell: 'keep',
    name: 'Shifa Clinic',
    ...fields,
  })
  if (answer.status !== 303) {
    throw new Error(
      `the closing answers ${answer.status}: ${/field-error[\s\S]*?<\/p>/.exec(answer.text)?.[0]} ${clinic.app.lastError()}`,
    )
  }
}

/** Runs the job at a moment as if the service had been running all along. */
export async function runAt(app: TestApp, at: Temporal.Instant): Promise<void> {
  app.clock.set(at)
  await app.superuser('delete from platform.retention_clock')
  await app.runJob('privacy.closing')
}

export const stateOf = async ({ app, id }: TestClinic) =>
  (
    await app.superuser<{ state: string; id: string; certificate_id: string | null; visits_cancelled: number }>(
      'select state, id, certificate_id, visits_cancelled from platform.closings where clinic_id = $1 order by asked_at desc limit 1',
      [id],
    )
  )[0]

/** Every row of every table as text, but for those named. */
export async function everything(app: TestApp, but: readonly string[] = []): Promise<string> {
  const tables = await app.superuser<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('clinic', 'platform') and c.relkind = 'r'`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    if (but.includes(name)) continue
    const found = await app.superuser<{ row: string }>(`select t::text as row from ${name} t`)
    parts.push(...found.map(({ row }) => `${name}: ${row}`))
  }
  return parts.join('\n')
}

/** How many rows of the clinic each table has, those with none left out. */
export async function rowsOf({ app, id }: TestClinic): Promise<Record<string, number>> {
  const tables = await app.superuser<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
       join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('clinic', 'platform') and c.relkind = 'r' and a.attname = 'clinic_id' and not a.attisdropped
     order by 1`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await app.superuser<{ count: string }>(`select count(*) from ${name} where clinic_id = $1`, [id])
    if (Number(row!.count) > 0) counts[name] = Number(row!.count)
  }
  return counts
}
