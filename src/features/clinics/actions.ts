import { randomBytes } from 'node:crypto'
import { newId, type ClinicId } from '../../kernel/ids.ts'
import type { Transaction } from '../../platform/db/transaction.ts'
import type { Services } from '../../platform/services.ts'
import { parseLanguage } from '../../platform/i18n/languages.ts'
import { insertClinic, insertWorkspace } from './queries/open.ts'
import { isReservedSlug, isSlug, slugCandidates } from './rules/slug.ts'
import { startTrial } from '../subscription/actions.ts'

export type OpeningFacts = {
  name: string
  city: string
  /** ISO 3166 alpha-2. */
  country: string
  zone: string
  currency: string
  specialty: string
  /** The language its pages speak first. */
  language: string
  /** An address to have or to fail; without it one is made of the name. */
  slug?: string
}

/**
 * Brings a clinic into being within the transaction of whoever signs up: its address, its diary, its own root row, a
 * first location, and its data key. It has no members yet, which is the caller's next line.
 *
 * The key lies in a store outside the database and can't be rolled back with it, so it is made last. If the transaction
 * fails after all, what remains is a wrapped key for an id that names nothing and will never be given again: no harm.
 * The other order, a clinic without its key, would be one nobody can enter.
 *
 * The clinic's own schema is written on the same connection, which is right for placement `main`, where all begin.
 */
export async function openClinic(
  services: Pick<Services, 'keys' | 'clock' | 'speakers'>,
  trx: Transaction,
  facts: OpeningFacts,
): Promise<{ id: ClinicId; slug: string }> {
  const { slug: wanted, ...rest } = facts
  const clinic = { ...rest, id: newId<'clinic'>(), createdAt: services.clock.now() }
  const slug = await insertClinic(trx, clinic, addressesFor(facts, wanted))
  if (slug === undefined) throw new Error('no free address for a clinic')
  const speaker = services.speakers(parseLanguage(facts.language) ?? 'en', facts)
  await insertWorkspace(trx, clinic, speaker.t('clinics.location.first_name'))
  await startTrial(trx, clinic, clinic.createdAt)
  await services.keys.createFor(clinic.id)
  return { id: clinic.id, slug }
}

function addressesFor(facts: OpeningFacts, wanted: string | undefined): string[] {
  if (wanted === undefined) return slugCandidates(facts.name, facts.city, randomBytes(3).toString('hex'))
  if (!isSlug(wanted) || isReservedSlug(wanted)) throw new Error(`not an address for a clinic: ${wanted}`)
  return [wanted]
}
