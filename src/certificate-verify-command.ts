// `npm run certificate:verify`: whether a certificate of erasure is one, without a database and without a network.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadEnvironmentFile, readSetting } from './config.ts'
import { certificateKey, readPublicKeys, verifyCertificate } from './platform/seal/certificates.ts'

const usage = `Checks a certificate that a clinic was erased.

  npm run certificate:verify -- <file> --key <file>   with the public key as /certificates/key gives it
  npm run certificate:verify -- <file>                with the key of this installation, from MASTER_KEY

Ends with 0 when it is genuine, 1 when it is not, 2 when it could not be checked.
`

try {
  process.exitCode = run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`)
  process.exitCode = 2
}

function run(args: string[]): number {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { key: { type: 'string' }, help: { type: 'boolean' } },
  })
  const [file] = positionals
  if (values.help === true || file === undefined || positionals.length > 1) {
    process.stdout.write(usage)
    return values.help === true ? 0 : 2
  }
  const keys = values.key === undefined ? [ownKey()] : readPublicKeys(readFileSync(values.key, 'utf8'))
  if (keys.length === 0) throw new Error('No public key in that file.')
  const verdict = verifyCertificate(readFileSync(file, 'utf8'), keys)
  if (!verdict.ok) {
    process.stdout.write(
      verdict.reason === 'unreadable'
        ? 'NOT VALID: this is no certificate.\n'
        : 'NOT VALID: it was changed, or this key did not sign it.\n',
    )
    return 1
  }
  const { id, clinic, erased, erasedRows } = verdict.certificate
  const rows = Object.values(erasedRows).reduce((sum, count) => sum + count, 0)
  process.stdout.write(`VALID: certificate ${id}. Clinic ${clinic} was erased at ${erased}, ${rows} rows.\n`)
  return 0
}

function ownKey(): Buffer {
  loadEnvironmentFile()
  const master = Buffer.from(readSetting(process.env, 'MASTER_KEY') ?? '', 'base64')
  if (master.length !== 32) throw new Error(`Name the public key with --key.\n\n${usage}`)
  return certificateKey(master).publicKey
}
