// What every command a person types has in common: its settings, its answer, and how it says what went wrong.
import { loadEnvironmentFile, readSetting } from './config.ts'

/** What a person has to do otherwise. */
export class Refused extends Error {}

/** Runs with what was typed behind the command. What goes wrong is said in a line, without a stack nobody can use. */
export async function runCommand(run: (args: string[]) => Promise<void>): Promise<void> {
  try {
    loadEnvironmentFile()
    await run(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}

/** What an error says; of a name with several addresses, none of which answers, what each said. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : 'failed'
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A setting only commands need. */
export function requiredSetting(name: string, usage: string): string {
  const value = readSetting(process.env, name)
  if (value === undefined) throw new Refused(`${name} is missing.\n\n${usage}`)
  return value
}
