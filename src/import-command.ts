// `npm run import -- <file.zip> --clinic <slug>`: what an export holds, into a clinic that was just opened.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { importExport, type ImportFault } from './features/export/actions/import.ts'
import { linkImported } from './features/trail/actions.ts'
import { Refused, runCommand, say } from './run-command.ts'
import { startServices } from './start.ts'

const usage = `Imports an export into a clinic that was just opened.

  npm run import -- <file.zip> --clinic <slug> [--dry-run] [--password-file <path>]

  --dry-run         looks at every file and its digest, and writes nothing
  --password-file   where the password of the ZIP stands, if it has one

On a build this runs as it stands; in development say "import:dev" for "import".
`

const faults: Record<ImportFault, string> = {
  no_clinic: 'There is no clinic of that name. Open it first.',
  not_empty: 'That clinic has patients, visits or messages already. An import goes into a clinic that was just opened.',
  not_an_export: 'That file is no export of Nabz, or of another version.',
  password: 'The file has another password, or one is missing: give it by --password-file.',
  damaged: 'The file is damaged: what is in it is not what its manifest says. Nothing was written.',
}

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      clinic: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'password-file': { type: 'string' },
    },
  })
  const [path] = positionals
  const slug = values.clinic
  if (path === undefined || positionals.length > 1 || slug === undefined) throw new Refused(usage)
  const passwordFile = values['password-file']
  const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '')
  const dryRun = values['dry-run']
  const { services, stop } = await startServices(readConfig(process.env))
  try {
    const imported = await importExport(services, { path, slug, password, dryRun, vouch: linkImported })
    if (!imported.ok) throw new Refused(faults[imported.reason])
    const { from, rows } = imported.value
    for (const [table, count] of Object.entries(rows)) say(`${String(count).padStart(9)}  ${table}`)
    const what = dryRun ? 'could be imported into' : 'was imported into'
    say(`The export of ${from.name} (${from.slug}) ${what} ${slug}.`)
  } finally {
    await stop()
  }
}
