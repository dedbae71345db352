// `npm run audit:verify`: goes through the chains over the clinics' logs and names the first entry that is not as it was.
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { verifyTrail, type Verdict } from './features/trail/actions.ts'
import { folderHeadStore } from './platform/audit-heads.ts'
import type { Clinic } from './platform/clinic-scope.ts'
import type { BadEntry, Defect } from './platform/seal/chain.ts'
import type { Services } from './platform/services.ts'
import { Refused, runCommand, say } from './run-command.ts'
import { startServices } from './start.ts'

const usage = `Verifies the chains over the clinics' audit logs. Changes nothing.

  npm run audit:verify                            goes through every clinic
  npm run audit:verify -- --clinic <slug>         goes through that one
  npm run audit:verify -- --heads <folder>        believes a copy of the published heads in that folder, as from another
                                                  machine, instead of the one in AUDIT_HEADS_DIR

Ends with 1 when any chain is broken or could not be read. In development say "audit:verify:dev".
`

const defects: Record<Defect, string> = {
  altered: 'is not what was written',
  missing: 'was taken out',
  gap: 'comes behind links that were taken out',
  cut: 'and what belongs to it was cut off',
  rewritten: 'belongs to another chain than the one that was published',
  unlinked: 'was put in without a link',
}

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { clinic: { type: 'string' }, heads: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) return say(usage)
  const { services: usual, stop } = await startServices(readConfig(process.env))
  const { heads } = values
  const services = heads === undefined ? usual : { ...usual, auditHeads: folderHeadStore(heads) }
  try {
    let [sound, broken] = [0, 0]
    for await (const clinic of chosen(services, values.clinic)) {
      // One clinic that can't be read must not keep the others from being looked at.
      const good = await verifyTrail(services, clinic).then(
        (verdict) => tell(clinic, verdict),
        (error: unknown) => tellUnread(clinic, error),
      )
      if (good) sound += 1
      else broken += 1
    }
    say(`${sound} sound, ${broken} broken`)
    if (broken > 0) process.exitCode = 1
  } finally {
    await stop()
  }
}

async function* chosen(services: Services, slug: string | undefined): AsyncGenerator<Clinic> {
  if (slug !== undefined) {
    const clinic = await services.clinics.bySlug(slug)
    if (!clinic) throw new Refused(`There is no clinic ${slug}.`)
    yield clinic
    return
  }
  yield* services.clinics.every()
}

function tell({ slug }: Clinic, { entries, head, publishedUntil, bad }: Verdict): boolean {
  const published = publishedUntil
    ? `published until ${publishedUntil.seq} on ${publishedUntil.publishedAt.toString()}`
    : 'nothing published yet'
  say(`${bad ? 'BROKEN' : 'sound '}  ${slug}: ${entries} entries, head ${head.seq} ${head.hash.toString('hex')}`)
  say(`        ${published}`)
  if (bad) say(`        first bad entry: ${wordsOf(bad)}`)
  return bad === undefined
}

function tellUnread({ slug }: Clinic, error: unknown): boolean {
  say(`BROKEN  ${slug}: could not be read: ${error instanceof Error ? error.message : 'failed'}`)
  return false
}

function wordsOf({ defect, seq, entryId, at }: BadEntry): string {
  const place = seq === null ? 'without a place in the chain' : `number ${seq}`
  const facts = [entryId === null ? undefined : `id ${entryId}`, at === null ? undefined : `of ${at.toString()}`]
  return [place, ...facts].filter((one) => one !== undefined).join(', ') + `: ${defect}, ${defects[defect]}`
}
