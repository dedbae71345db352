// `npm run admin -- create-admin --email … --name …` and its sisters: who may open the console. The password is asked
// for on the terminal or read from standard input, never an argument, which every process of the machine could read.
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readConfig, type Config } from './config.ts'
import { createAdmin, removeAdmin, resetLink } from './features/accounts/actions/admins.ts'
import { resetFactorNow } from './features/accounts/actions/factor-resets.ts'
import { findAccountByEmail, listAdmins } from './features/accounts/queries.ts'
import { passwordLength } from './features/accounts/rules.ts'
import { requiredEmail } from './kernel/forms.ts'
import { systemClock } from './platform/clock.ts'
import { connect } from './platform/db/connect.ts'
import { parseLanguage } from './platform/i18n/languages.ts'
import { createSpeakers } from './platform/i18n/speaker.ts'
import { loadTranslations } from './platform/i18n/translate.ts'
import { createPasswords } from './platform/passwords.ts'
import { createKeyRing } from './platform/seal/key-ring.ts'
import { folderKeyStore } from './platform/seal/key-store.ts'
import { Refused, runCommand, say } from './run-command.ts'

const usage = `Who may open the console.

  npm run admin -- create-admin --email <address> --name <name> [--language en|ar|ur]
      asks for the password, or reads it from standard input:
      printf '%s' "$PASSWORD" | npm run --silent admin -- create-admin --email … --name …
  npm run admin -- list-admins
  npm run admin -- remove-admin --email <address>
  npm run admin -- reset-password-link --email <address>
      prints a link that sets a new password, for whoever can't be reached by mail
  npm run admin -- reset-second-factor --email <address>
      removes app, passkeys and recovery codes at once, for an admin for whom no other can vouch

On a build these run as they stand; in development say "admin:dev" for "admin".
`

/** What is wrong, and what to do instead. */
const faults: Record<string, (email: string) => string> = {
  email_known: (email) =>
    `${email} has an account already. Choose another address: an account is never turned into an admin's.`,
  too_short: () => `The password is too short: at least ${passwordLength.min} characters.`,
  too_long: () => `The password is too long: at most ${passwordLength.max} characters.`,
  characters: () => 'The password holds characters that can not be typed everywhere.',
  common: () => 'The password is one of those that are tried first. A few unrelated words make a good one.',
  personal: () => 'The password is made of the name, the address or "nabz". A few unrelated words make a good one.',
  demo: () => 'That is the password of the demo, which everybody knows.',
  unknown: (email) => `There is no such admin or account: ${email}.`,
  no_factor: (email) => `${email} has no second factor.`,
  last: (email) => `${email} is the only admin. Create another one first: nobody could open the console otherwise.`,
}

function refusal(reason: string, email: string): Refused {
  return new Refused(faults[reason]?.(email) ?? reason)
}

await runCommand(run)

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { email: { type: 'string' }, name: { type: 'string' }, language: { type: 'string' } },
  })
  const [command] = positionals
  if (command === undefined || positionals.length > 1) throw new Refused(usage)
  switch (command) {
    case 'create-admin':
      return create(addressOf(values.email), nameOf(values.name), values.language)
    case 'list-admins':
      return list()
    case 'remove-admin':
      return remove(addressOf(values.email))
    case 'reset-password-link':
      return link(addressOf(values.email))
    case 'reset-second-factor':
      return resetFactor(addressOf(values.email))
    default:
      throw new Refused(`There is no command ${command}.\n\n${usage}`)
  }
}

async function create(email: string, name: string, lang: string | undefined): Promise<void> {
  const language = parseLanguage(lang ?? 'en')
  if (!language) throw new Refused('--language is en, ar or ur.')
  const config = readConfig(process.env)
  await withDatabase(config, async (db) => {
    // First, so that nobody thinks up a password in vain.
    if (await findAccountByEmail(db, email)) throw refusal('email_known', email)
    const password = await readPassword()
    const passwords = createPasswords(config.passwordPepper)
    const parts = { db, clock: systemClock, passwords, config }
    const created = await createAdmin(parts, { email, name, language, password })
    if (!created.ok) throw refusal(created.reason, email)
    say(`${email} may open ${config.baseUrl}/admin.`)
  })
}

async function list(): Promise<void> {
  await withDatabase(readConfig(process.env), async (db) => {
    const admins = await listAdmins(db)
    if (admins.length === 0) say('There is no admin yet: create-admin makes one.')
    for (const { email, name, createdAt } of admins) say(`${createdAt.toString().slice(0, 10)}  ${email}  ${name}`)
  })
}

async function remove(email: string): Promise<void> {
  await withDatabase(readConfig(process.env), async (db) => {
    const removed = await removeAdmin({ db, clock: systemClock }, email)
    if (!removed.ok) throw refusal(removed.reason, email)
    say(`${email} can't open the console any more. The account is still there.`)
  })
}

async function link(email: string): Promise<void> {
  const config = readConfig(process.env)
  await withDatabase(config, async (db) => {
    const made = await resetLink({ db, clock: systemClock, config }, email)
    if (!made.ok) throw refusal(made.reason, email)
    say(`For ${made.value.minutes} minutes, once:\n${made.value.link}`)
  })
}

async function resetFactor(email: string): Promise<void> {
  const config = readConfig(process.env)
  const keys = createKeyRing(folderKeyStore(config.keyStoreDir), config.masterKey, config.lookupKey)
  const speakers = createSpeakers(loadTranslations())
  await withDatabase(config, async (db) => {
    const reset = await resetFactorNow({ db, clock: systemClock, config, keys, speakers }, email)
    if (!reset.ok) throw refusal(reset.reason, email)
    say(`${email} signs in with the password alone, and then sets up a new second factor.`)
  })
}

async function withDatabase(config: Config, work: (db: ReturnType<typeof connect>) => Promise<void>): Promise<void> {
  const db = connect(config.database.url, 1)
  try {
    await work(db)
  } finally {
    await db.destroy()
  }
}

function addressOf(text: string | undefined): string {
  const parsed = requiredEmail('missing', 'invalid').safeParse(text)
  if (!parsed.success) throw new Refused('--email <address> is missing or no address.')
  return parsed.data
}

function nameOf(text: string | undefined): string {
  const name = text?.trim() ?? ''
  if (name === '' || name.length > 120) throw new Refused('--name <name> is missing or too long.')
  return name
}

/** Twice from a terminal, without showing it; else everything that standard input holds, less the end of the line. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) {
    const password = await ask('Password: ')
    if ((await ask('Again: ')) !== password) throw new Refused('Those were two different passwords.')
    return password
  }
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const part of process.stdin) text += String(part)
  return text.replace(/\r?\n$/, '')
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  // An interface without an output shows nothing of what is typed.
  const terminal = createInterface({ input: process.stdin, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve)
      terminal.once('SIGINT', () => reject(new Refused('Nothing was changed.')))
      terminal.once('close', () => reject(new Refused('Nothing was changed.')))
    })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
