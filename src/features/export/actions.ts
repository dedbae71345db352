import { newId } from '../../kernel/ids.ts'
import { done, refuse, type Outcome } from '../../kernel/outcome.ts'
import { audit } from '../../platform/audit.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'
import { notFound } from '../../platform/errors.ts'
import { queueMail } from '../../platform/mails.ts'
import { listOwners } from '../../platform/owners.ts'
import type { Services } from '../../platform/services.ts'
import { readSealedFile } from '../../platform/sealed-files.ts'
import { fileOf } from './actions/files.ts'
import { findExport, insertExport, updateCancelled } from './queries.ts'
import { downloadable, hoursKept, type ExportId } from './rules.ts'

/** Asks for an export of everything. One at a time; every owner hears of it, so that none is made behind their back. */
export async function askForExport(
  ctx: Ctx,
  services: Pick<Services, 'speakers' | 'config'>,
  password: string | undefined,
): Promise<Outcome<ExportId, 'under_way'>> {
  if (ctx.actor.kind !== 'user') throw new Error('only people ask for exports')
  const id = newId<'export'>()
  if (!(await insertExport(ctx, id, { by: ctx.actor.userId, password }))) return refuse('under_way')
  await audit(ctx, 'export.asked', { kind: 'export', id }, { protected: password !== undefined })
  for (const owner of await listOwners(ctx.db, ctx.clinic.id)) {
    const speaker = services.speakers(owner.language, ctx.clinic)
    await queueMail(ctx.db, ctx.platformSeal, {
      kind: 'export_asked',
      to: owner.email,
      subject: speaker.t('export.mail.subject', { clinic: ctx.clinic.name }),
      text: speaker.t('export.mail.text', {
        name: owner.name,
        who: ctx.actor.name,
        clinic: ctx.clinic.name,
        at: speaker.dateTime(ctx.now),
        hours: hoursKept,
        link: `${services.config.baseUrl}/app/${ctx.clinic.slug}/settings/export`,
      }),
      now: ctx.now,
      clinicId: ctx.clinic.id,
    })
  }
  return done(id)
}

/** Calls off what is being made. Any owner may: everything of the clinic is theirs, and so is keeping it here. */
export async function cancelExport(ctx: Ctx, id: ExportId): Promise<Outcome<void, 'over'>> {
  if (!(await findExport(ctx, id))) return notFound('export')
  if (!(await updateCancelled(ctx, id))) return refuse('over')
  await audit(ctx, 'export.cancelled', { kind: 'export', id })
  return done(undefined)
}

/** Opens the file for the person who asked for it; for everybody else there is none. */
export async function openExport(ctx: Ctx, { config }: Pick<Services, 'config'>, id: ExportId) {
  const found = await findExport(ctx, id)
  if (ctx.actor.kind !== 'user' || !found?.key || !downloadable(found, ctx.actor.userId, ctx.now)) {
    return notFound('export')
  }
  await audit(ctx, 'export.downloaded', { kind: 'export', id })
  return {
    name: `nabz-${ctx.clinic.slug}-${found.askedAt.toString().slice(0, 10)}.zip`,
    bytes: found.bytes ?? 0,
    pieces: readSealedFile(fileOf(config, id), found.key, id),
  }
}
