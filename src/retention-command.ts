// `npm run retention`: what the table of rules would erase now, or erases. The server's own job does the same by itself.
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { applyRetention } from './features/privacy/actions.ts'
import { foresee, foreseeAll } from './features/privacy/actions/foresee.ts'
import { retentionRules } from './features/privacy/rules/retention.ts'
import { Refused, runCommand, say } from './run-command.ts'
import { startServices } from './start.ts'

const usage = `Erases what is past keeping by the rules of retention.

  npm run retention -- --dry-run [--clinic <slug>]   counts what would go, rule by rule, and erases nothing
  npm run retention [-- --clinic <slug>]             goes through every clinic and the service itself, or that clinic

In development say "retention:dev".
`

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { clinic: { type: 'string' }, 'dry-run': { type: 'boolean', default: false }, help: { type: 'boolean' } },
  })
  if (values.help) return say(usage)
  const slug = values.clinic
  const { services, stop } = await startServices(readConfig(process.env))
  try {
    const clinic = slug === undefined ? undefined : await services.clinics.bySlug(slug)
    if (slug !== undefined && !clinic) throw new Refused(`There is no clinic ${slug}.`)
    if (!values['dry-run']) {
      sayCounts(await applyRetention(services, clinic ? { only: clinic.id } : { everyClinic: true }), 'were erased')
      return
    }
    if (clinic) return sayCounts(await foresee(services, clinic), `would be erased at ${clinic.slug}`)
    const { counts, verdict, unread } = await foreseeAll(services)
    sayCounts(counts, 'would be erased')
    if (unread > 0) say(`${unread} clinics could not be looked at: see the log.`)
    if (verdict !== 'fine') say(`But now nothing would be: the clock ${verdict}.`)
  } finally {
    await stop()
  }
}

/** Every rule there is, so that nothing reads as forgotten. */
function sayCounts(counts: Partial<Record<string, number>>, what: string): void {
  for (const { code, job } of retentionRules) {
    const count = String(counts[code] ?? 0).padStart(9)
    say(job === 'privacy.closing' ? `        -  ${code}: by the job ${job}` : `${count}  ${code}`)
  }
  const total = Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  say(`${total} things ${what}.`)
}
