// Erasing clinics whose time has come. A clinic goes through: its doors shut and its key destroyed, which alone makes it
// unreadable everywhere, backups included; then its rows, a few at a time; at last what is small, all at once, with the
// certificate. Every piece is a transaction that also writes down how far it is, so that a process may die anywhere and
// the next goes on, and each row is counted once.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import { auditPlatform } from '../../../platform/audit.ts'
import { queueCardCommand } from '../../../platform/card-commands.ts'
import { noteErasure } from '../../../platform/erasures.ts'
import { auditHead, emptyAuditHead } from '../../../platform/seal/certificates.ts'
import type { Services } from '../../../platform/services.ts'
import { removeFilesOf } from '../../export/actions/files.ts'
import { mindClock } from '../../privacy/actions.ts'
import { findLegalHold } from '../../privacy/queries.ts'
import { accountIn } from '../../subscription/actions/account.ts'
import { closeAccount } from '../../subscription/actions/decisions.ts'
import {
  deleteLastMails,
  insertCertificate,
  insertClosing,
  listLocked,
  listPurging,
  listWaiting,
  lockClosing,
  newClosingId,
} from '../queries.ts'
import {
  addCount,
  claimPurge,
  countRows,
  deleteClinic,
  deletePeople,
  deleteRoot,
  deleteSome,
  findLeaving,
  getAuditHead,
  getCounts,
  hasRoot,
  inErasing,
  keepLease,
  listAuditEntries,
  listClinicTables,
  listExportIds,
  listOpenCheckouts,
  listPlatformTables,
  lockRoot,
  looseSteps,
  releaseLease,
  shutDoors,
  updateAuditHead,
  updateBegun,
  updateDone,
  updateTotal,
  type ErasedTable,
  type Progress,
  type Transaction,
} from '../queries/purge.ts'
import { childrenFirst, keptTables, purgeable, purgeBy, type Closing } from '../rules.ts'
import { epitaphOf, readEpitaph, signCertificate } from './certificate.ts'
import { tellOwners } from './mails.ts'
import { followSubscriptions, origin, tellPatients, warnOwners, type EachClinic } from './watch.ts'

/** Rows a transaction takes at most. */
const batch = 250
const auditBatch = 1_000
const leaseSeconds = 60
/** After each piece the job rests so many times as long as the piece took: others have the database meanwhile. */
const restFactor = 3
const mostRestMs = 500

/** Another process has taken over, or this one is to stop. */
class LeaseLost extends Error {
  override name = 'LeaseLost'
}

/**
 * Everything the clock does about closings. Nothing is erased by a clock that is not believed; what fails with one clinic
 * keeps the others from nothing, and the job fails for it at the end.
 */
export async function runClosings(services: Services): Promise<void> {
  const now = await mindClock(services)
  let failed = 0
  const each: EachClinic = async (clinicId, work) => {
    try {
      await work()
    } catch (error) {
      if (error instanceof LeaseLost) return
      failed++
      services.log.error('closing.failed', error, { clinicId })
    }
  }
  await followSubscriptions(services, now, each)
  await tellPatients(services, now, each)
  await warnOwners(services, now, each)
  await findReturned(services, now, each)
  for (const closing of await listWaiting(services.db, now)) {
    await each(closing.clinicId, () => begin(services, closing, now))
  }
  for (const closing of await listPurging(services.db)) {
    if (services.stopping.signal.aborted) return
    await each(closing.clinicId, () => purge(services, closing))
  }
  await deleteLastMails(services.db, now)
  if (failed > 0) throw new Error(`something failed about ${failed} closings`)
}

/**
 * Clinics that had been erased and came back with a backup: locked, without a key and, since the restore, without a root
 * row. They go again, now.
 */
async function findReturned(services: Services, now: Instant, each: EachClinic): Promise<void> {
  for (const clinicId of await listLocked(services.db)) await each(clinicId, () => beginAgain(services, clinicId, now))
}

async function beginAgain({ db, keys }: Services, clinicId: ClinicId, now: Instant): Promise<void> {
  if (await keys.fingerprintOf(clinicId)) return
  await inErasing(db, clinicId, async (trx) => {
    if (await hasRoot(trx, clinicId)) return
    const open = await lockClosing(trx, clinicId)
    if (open?.state === 'purging') return
    const id = open?.id ?? newClosingId()
    if (!open) {
      await insertClosing(trx, keys.platform, {
        id,
        clinicId,
        kind: 'restored',
        askedBy: null,
        askedAt: now,
        reasons: [],
        comment: undefined,
        tellPatients: 'keep',
        tellAt: null,
        undoUntil: now,
        purgeBy: purgeBy(now),
        state: 'purging',
      })
    }
    await updateBegun(trx, id, { at: now, fingerprint: undefined })
    await shutDoors(trx, clinicId)
    await auditPlatform(trx, 'closing.begun', { at: now, origin, record: { kind: 'closing', id }, clinicId })
  })
}

/** The moment from which on nothing can be taken back, decided with everything locked that could still change it. */
async function begin(services: Services, { clinicId }: Closing, now: Instant): Promise<void> {
  const { db, keys } = services
  const fingerprint = await keys.fingerprintOf(clinicId)
  await inErasing(db, clinicId, async (trx) => {
    const closing = await lockClosing(trx, clinicId)
    const hold = await findLegalHold(trx, clinicId, now)
    if (!closing || !purgeable(closing, hold?.until, now)) return
    const account = await accountIn(trx, services, clinicId, { kind: 'system', id: null }, origin)
    // Paid for in this very moment: `followSubscriptions` takes it back.
    if (closing.kind === 'expired' && account && account.held.status !== 'purge_scheduled') return
    if (account) await closeAccount(account)
    const subscription = account?.held.stripeSubscription ?? null
    if (subscription !== null) await queueCardCommand(trx, { kind: 'cancel', clinicId, target: subscription })
    for (const target of await listOpenCheckouts(trx, clinicId)) {
      await queueCardCommand(trx, { kind: 'expire', clinicId, target })
    }
    await updateBegun(trx, closing.id, { at: now, fingerprint })
    await shutDoors(trx, clinicId)
    const record = { kind: 'closing', id: closing.id }
    await auditPlatform(trx, 'closing.begun', { at: now, origin, record, clinicId })
  })
}

type Work = {
  services: Services
  closing: Closing
  clinicId: ClinicId
  progress: Progress
  /** A transaction of the clinic's that counts only while this process has the lease. */
  piece: <T>(work: (trx: Transaction) => Promise<T>) => Promise<T>
}

async function purge(services: Services, closing: Closing): Promise<void> {
  const { db, clock, keys } = services
  const { id, clinicId } = closing
  const worker = randomUUID()
  const lease = () => clock.now().add({ seconds: leaseSeconds })
  const progress = await claimPurge(db, id, { worker, now: clock.now(), lease: lease() })
  if (!progress) return
  const piece: Work['piece'] = async (work) => {
    if (services.stopping.signal.aborted) throw new LeaseLost()
    const began = performance.now()
    const result = await inErasing(db, clinicId, async (trx) => {
      if (!(await keepLease(trx, id, worker, lease()))) throw new LeaseLost()
      return work(trx)
    })
    await pause(Math.min((performance.now() - began) * restFactor, mostRestMs))
    return result
  }
  const work: Work = { services, closing, clinicId, progress, piece }
  try {
    // What lies in files first: their keys are rows that go below. Then the key, and with it every copy of everything.
    await removeFilesOf(services.config, await piece((trx) => listExportIds(trx, clinicId)))
    await keys.destroyFor(clinicId)
    await services.auditHeads.forget(clinicId)
    await headOfAudit(work)
    const tables = await tablesOf(services)
    if (progress.rowsTotal === null) await countAll(work, tables)
    for (const table of tables.clinic) await empty(work, table.name, (trx) => deleteSome(trx, table, clinicId, batch))
    for (const { name, run } of looseSteps) await empty(work, name, (trx) => run(trx, clinicId, batch))
    for (const table of tables.inPieces) await empty(work, table.name, (trx) => deleteSome(trx, table, clinicId, batch))
    await piece((trx) => finish(work, tables, trx))
  } catch (error) {
    if (!(error instanceof LeaseLost)) await releaseLease(db, id, worker)
    throw error
  }
}

type Tables = { clinic: ErasedTable[]; platform: ErasedTable[]; inPieces: ErasedTable[] }

/** Needed to the end: who is to be told, how it is paid for, and what may still forbid it. */
const atTheEnd = ['platform.memberships', 'platform.subscriptions', 'platform.legal_holds', 'platform.retention_turns']

async function tablesOf({ db }: Services): Promise<Tables> {
  const inOrder = ({ tables, links }: Awaited<ReturnType<typeof listClinicTables>>) => {
    const names = tables.map(({ name }) => name)
    const known = links.filter(({ child, parent }) => names.includes(child) && names.includes(parent))
    return childrenFirst(names, known).flatMap((name) => tables.find((table) => table.name === name) ?? [])
  }
  const platform = inOrder(await listPlatformTables(db))
  return {
    clinic: inOrder(await listClinicTables(db)),
    platform,
    inPieces: platform.filter(({ name }) => !atTheEnd.includes(name)),
  }
}

/** For the page that shows how far it is. */
async function countAll({ closing, clinicId, piece }: Work, { clinic, platform }: Tables): Promise<void> {
  let total = 0
  for (const { name } of [...clinic, ...platform]) total += await piece((trx) => countRows(trx, name, clinicId))
  await piece((trx) => updateTotal(trx, closing.id, total))
}

/** What the audit log held, as one number that nobody can make up later. */
async function headOfAudit({ closing, clinicId, progress, piece }: Work): Promise<void> {
  let done = progress.auditDone
  let head: Buffer = progress.auditHead ?? emptyAuditHead(clinicId)
  let count = progress.auditCount ?? 0
  let last = progress.auditLast
  while (!done) {
    await piece(async (trx) => {
      const entries = await listAuditEntries(trx, clinicId, last ?? '00000000-0000-0000-0000-000000000000', auditBatch)
      for (const entry of entries) head = auditHead(head, entry)
      count += entries.length
      last = entries.at(-1)?.id ?? last
      done = entries.length < auditBatch
      await updateAuditHead(trx, closing.id, { head, count, last, done })
    })
  }
}

async function empty(
  { closing, clinicId, services, piece }: Work,
  name: string,
  some: (trx: Transaction) => Promise<number>,
): Promise<void> {
  for (;;) {
    const gone = await piece(async (trx) => {
      const count = await some(trx)
      await note(trx, services, closing, clinicId, name, count)
      return count
    })
    if (gone < batch) return
  }
}

/** In the closing, for the certificate, and in the ledger of what was erased by which rule. */
async function note(
  trx: Transaction,
  services: Services,
  { id, kind }: Closing,
  clinicId: ClinicId,
  name: string,
  count: number,
): Promise<void> {
  if (count === 0) return
  await addCount(trx, id, name, count)
  const rule = kind === 'expired' ? 'expired_clinic' : 'closed_clinic'
  await noteErasure(trx, { run: id, rule, clinicId, count, at: services.clock.now() })
}

/** What is left is little: it goes at once, with the root rows, and the certificate says so. */
async function finish(work: Work, tables: Tables, trx: Transaction): Promise<void> {
  const { services, closing, clinicId } = work
  const { keys, config, clock } = services
  const now = clock.now()
  await lockRoot(trx, clinicId)
  const gone = async (name: string, count: number) => note(trx, services, closing, clinicId, name, count)
  for (const { name } of tables.clinic) await gone(name, await countRows(trx, name, clinicId))
  const roots = await deleteRoot(trx, clinicId)
  await gone('clinic.profiles', roots)
  const clinic = await findLeaving(trx, clinicId)
  if (clinic) {
    await tellOwners(trx, services, { seal: keys.platform, clinic, now }, 'done', (speaker) => ({
      link: `${config.baseUrl}/certificates/${closing.id}`,
      at: speaker.dateTime(now),
    }))
  }
  for (const { name } of tables.platform) await gone(name, await countRows(trx, name, clinicId))
  const { users, sessions } = await deletePeople(trx, clinicId)
  await gone('platform.users', users)
  await gone('platform.sessions', sessions)
  await gone('platform.clinics', await deleteClinic(trx, clinicId))
  const certificate = await certificateFor(work, trx, now, roots === 0)
  await insertCertificate(trx, certificate)
  await updateDone(trx, closing.id, certificate.id, now)
  const record = { kind: 'closing', id: closing.id }
  await auditPlatform(trx, 'closing.done', { at: now, origin, record, clinicId })
  // Before the end of the transaction: a certificate that is only out there is signed again, one that is not there is lost
  // to whoever restores a backup.
  await keys.bury(clinicId, epitaphOf(certificate))
}

/** A clinic that came back with a backup, which shows by its missing root, has its certificate already. */
async function certificateFor(work: Work, trx: Transaction, now: Instant, cameBack: boolean) {
  const { services, closing, clinicId, progress } = work
  const { keys, config } = services
  const before = await keys.epitaphOf(clinicId)
  if (cameBack && before !== undefined) return readEpitaph(before)
  const { head, entries } = await getAuditHead(trx, closing.id)
  return signCertificate(
    config,
    {
      kind: 'nabz-erasure',
      version: 1,
      id: closing.id,
      issuer: config.baseUrl,
      clinic: clinicId,
      because: closing.kind,
      asked: exact(closing.askedAt),
      began: exact(progress.began),
      erased: exact(now),
      key: progress.fingerprint?.toString('hex') ?? null,
      audit: { entries, head: head.toString('hex') },
      erasedRows: await getCounts(trx, closing.id),
      kept: [...keptTables],
    },
    now,
  )
}

const exact = (at: Instant) => at.round({ smallestUnit: 'millisecond' }).toString()
