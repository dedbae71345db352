// What runs by itself: requests that came to the platform become the clinic's, and nobody forgets the thirty days.
import { randomUUID } from 'node:crypto'
import type { ClinicId } from '../../../kernel/ids.ts'
import type { Clinic, Ctx } from '../../../platform/clinic-scope.ts'
import type { Language } from '../../../platform/i18n/languages.ts'
import { queueMail } from '../../../platform/mails.ts'
import { listOwners } from '../../../platform/owners.ts'
import type { Services } from '../../../platform/services.ts'
import { markTakenIn } from '../../requests/actions.ts'
import { listOperators, listToTakeIn, type Request } from '../../requests/queries.ts'
import { listClinicsToTell, updateTold, type ToTell } from '../queries/requests.ts'
import { daysLeftWhenEscalated, daysLeftWhenEscalatedAgain, referenceOf } from '../rules.ts'
import { receiveRequest } from './receive.ts'

const perRound = 50

type Running = { services: Services; clinic: Clinic; job: string }

function inClinicAs<T>({ services, clinic, job }: Running, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  return services.inClinic(clinic, { kind: 'system', job }, { requestId: `${job}-${randomUUID()}` }, work)
}

/**
 * Makes what was handed to a clinic a request of its own, with the clock it came with. What exactly is asked stands in
 * somebody's own words: the clinic reads it, and puts it into its kind.
 */
export async function takeInRouted(services: Services): Promise<number> {
  let taken = 0
  for (const request of await listToTakeIn(services.db, services.keys.platform, perRound)) {
    const clinic = request.clinicId === null ? undefined : await services.clinics.byId(request.clinicId)
    if (!clinic) continue
    try {
      if (await inClinicAs({ services, clinic, job: 'rights.intake' }, (ctx) => takeIn(ctx, request))) taken++
    } catch (error) {
      // One clinic's trouble (its key destroyed a moment ago) is not the others'.
      services.log.error('rights.intake_failed', error, { clinicId: clinic.id })
    }
  }
  return taken
}

async function takeIn(ctx: Ctx, request: Request): Promise<boolean> {
  const { id, name, email, message, language, receivedAt, dueAt } = request
  if (dueAt === null || !(await markTakenIn(ctx, id))) return false
  const received = await receiveRequest(ctx, {
    kind: 'access',
    source: 'platform',
    language,
    subject: { name, email },
    wishes: { words: message },
    platform: { id, receivedAt, dueAt },
  })
  // Handed over, to another clinic, and back: it is there already.
  return received.ok
}

/** Tells owners what came in, and of what is open on its twentieth and its twenty-seventh day; then the platform too. */
export async function watchClock(services: Services): Promise<number> {
  const now = services.clock.now()
  const due = {
    first: now.add({ hours: daysLeftWhenEscalated * 24 }),
    second: now.add({ hours: daysLeftWhenEscalatedAgain * 24 }),
  }
  const failures: unknown[] = []
  let told = 0
  for (const clinicId of await listClinicsToTell(services.jobsDb, due)) {
    const clinic = await services.clinics.byId(clinicId)
    if (!clinic) continue
    try {
      told += await inClinicAs({ services, clinic, job: 'rights.clock' }, async (ctx) => {
        const news = await updateTold(ctx, due)
        for (const one of news) await tell(ctx, services, one)
        return news.length
      })
    } catch (error) {
      services.log.error('rights.clock_failed', error, { clinicId })
      failures.push(error)
    }
  }
  // After everybody else was told, so that the job's alarm is raised.
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} clinics could not be told`)
  return told
}

async function tell(ctx: Ctx, services: Services, one: ToTell): Promise<void> {
  // Of one that came by way of the platform its own clock tells the same people on the twentieth day.
  if (one.what === 'escalated' && one.source === 'platform') return
  const { clinic, db, platformSeal, now } = ctx
  const owners = await listOwners(db, clinic.id)
  const path = `/app/${clinic.slug}/settings/privacy/requests/${one.id}`
  const people: { email: string; language: Language; link: string }[] = owners.map((owner) => ({
    ...owner,
    link: path,
  }))
  if (one.what !== 'received') {
    const known = new Set(owners.map(({ email }) => email))
    const admins = await listOperators(db)
    people.push(
      ...admins.filter(({ email }) => !known.has(email)).map((admin) => ({ ...admin, link: consolePath(clinic.id) })),
    )
  }
  for (const { email, language, link } of people) {
    const speaker = services.speakers(language, clinic)
    const { t } = speaker
    const facts = { reference: referenceOf(one.id), clinic: clinic.name, due: speaker.longDate(one.dueAt) }
    await queueMail(db, platformSeal, {
      kind: `rights_${one.what}`,
      to: email,
      subject: t(`rights.mail.${one.what}.subject`, facts),
      text: t(`rights.mail.${one.what}.text`, { ...facts, link: services.config.baseUrl + link }),
      now,
      clinicId: clinic.id,
    })
  }
}

const consolePath = (id: ClinicId) => `/admin/clinics/${id}`
