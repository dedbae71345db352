// Carries out what Stripe has to be told. A command is a row that was written with what it follows from; it is tried
// until Stripe has taken it, so that a crash between our commit and the call loses nothing.
import {
  claimCardCommands,
  updateCommandDone,
  updateCommandLater,
  type DueCommand,
} from '../../../../platform/card-commands.ts'
import type { Services } from '../../../../platform/services.ts'
import { reportIncident, takesCards, type Cards } from './incidents.ts'
import { agree } from './subscriptions.ts'

const atOnce = 20
const leaseSeconds = 120
/** After so many tries a person hears of it; it is tried on all the same. */
const patience = 20

type Verdict = { kind: 'done'; failure?: string } | { kind: 'later'; failure: string }

/** Answers how many commands it took up. */
export async function carryOutCardCommands(services: Services): Promise<number> {
  if (!takesCards(services)) return 0
  const { db, clock, stopping } = services
  let handled = 0
  while (!stopping.signal.aborted) {
    const now = clock.now()
    const commands = await claimCardCommands(db, { now, lease: now.add({ seconds: leaseSeconds }), limit: atOnce })
    if (commands.length === 0) break
    for (const command of commands) {
      if (stopping.signal.aborted) await updateCommandLater(db, command, now, 'stopped')
      else await carryOut(services, command)
    }
    handled += commands.length
  }
  return handled
}

async function carryOut(cards: Cards, command: DueCommand): Promise<void> {
  const { db, clock, log } = cards
  try {
    const verdict = await tell(cards, command)
    if (verdict.kind === 'done') return await updateCommandDone(db, command, verdict.failure ?? null)
    const wait = Math.min(10 * 2 ** Math.min(command.attempts, 10), 3600)
    await updateCommandLater(db, command, clock.now().add({ seconds: wait }), verdict.failure)
    if (command.attempts >= patience) await giveNotice(cards, command, verdict.failure)
  } catch (error) {
    // Its claim lapses and it is tried again.
    log.error('card.command_failed', error, { clinicId: command.clinicId, attempt: command.attempts })
  }
}

async function tell(cards: Cards, command: DueCommand): Promise<Verdict> {
  const { stripe, clinics } = cards
  if (command.kind === 'follow') {
    const theirs = await stripe.findSubscription(command.target)
    if (!theirs.ok)
      return theirs.reason === 'gone' ? { kind: 'done', failure: 'gone' } : { kind: 'later', failure: theirs.code }
    const clinic = await clinics.byId(command.clinicId)
    // Gone without a word: its card must not be charged.
    if (!clinic) return ended(await stripe.cancelSubscription(command.target))
    const verdict = await agree(cards, clinic, theirs.value, `${command.version}.${command.attempts}`)
    return verdict === 'done' ? { kind: 'done' } : { kind: 'later', failure: 'not_told' }
  }
  return ended(
    command.kind === 'cancel'
      ? await stripe.cancelSubscription(command.target)
      : await stripe.expireCheckout(command.target),
  )
}

/** What is over already, or was never there, is over. */
function ended(told: { ok: true } | { ok: false; reason: string; code: string }): Verdict {
  if (told.ok) return { kind: 'done' }
  return told.reason === 'gone' || told.reason === 'final'
    ? { kind: 'done', failure: told.code }
    : { kind: 'later', failure: told.code }
}

async function giveNotice(cards: Cards, { kind, clinicId, target }: DueCommand, failure: string): Promise<void> {
  const key = `command:${kind}:${target}`
  await reportIncident(cards, { key, kind: 'unworked', clinicId, details: { command: kind, target, failure } })
}
