import type { Form } from '../../../kernel/forms.ts'
import { parseInstant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { findAuditMail, listHeads } from '../queries.ts'
import { findLastCheck, type LastCheck } from '../queries/entries.ts'
import { defects, mailChoices } from '../rules.ts'
import { logPath, momentText } from './words.ts'

const shownHeads = 14

export async function checkPage(ctx: Ctx, speaker: Speaker, form: Form): Promise<View> {
  const { t } = speaker
  const at = (below: string) => `/app/${ctx.clinic.slug}${below}`
  const last = await findLastCheck(ctx)
  const heads = await listHeads(ctx, shownHeads)
  const mail = await findAuditMail(ctx)
  return view('trail/check', {
    title: t('trail.check.title'),
    menu: settingsMenu(ctx, speaker, 'log'),
    back: { href: at(logPath), label: t('trail.title') },
    form,
    checkAction: at(`${logPath}/check`),
    last: last && lastOf(speaker, last),
    heads: heads.map(({ day, seq, hash }) => ({
      day: speaker.date(day),
      seq: speaker.number(seq),
      seal: hash.toString('hex'),
    })),
    mailAction: at(`${logPath}/mail`),
    mailField: {
      name: 'mail',
      type: 'radio',
      label: t('trail.mailing.title'),
      hideLabel: true,
      hint: t('trail.mailing.hint'),
      value: form.values.mail ?? mail,
      error: form.errors.mail,
      options: mailChoices.map((value) => ({ value, label: t(`trail.mailing.${value}`) })),
    },
    scripts: ['/js/error-summary.js'],
  })
}

/** What the entry about the last check says. It comes from the log, so it is read as what anybody may have put there. */
function lastOf(speaker: Speaker, { at, name, details }: LastCheck) {
  const { t } = speaker
  const defect = defects.find((one) => one === details.result)
  const published = parseInstant(details.publishedAt)
  const badAt = parseInstant(details.badAt)
  const from = parseInstant(details.checkedFrom)
  const number = typeof details.badSeq === 'number' ? details.badSeq : undefined
  return {
    sound: details.result === 'sound',
    said: t(details.result === 'sound' ? 'trail.check.sound' : 'trail.check.broken'),
    at: t('trail.check.at', { at: momentText(speaker, at), name: name ?? t('trail.who.gone') }),
    published: published
      ? t('trail.check.published', { at: momentText(speaker, published) })
      : t('trail.check.unpublished'),
    part: from && t('trail.check.part', { at: momentText(speaker, from) }),
    bad: defect && {
      words: t(`trail.defect.${defect}`),
      place: [
        number === undefined ? undefined : t('trail.check.number', { number }),
        badAt && t('trail.check.of', { at: momentText(speaker, badAt) }),
      ].filter((part) => part !== undefined),
      id: typeof details.badEntry === 'string' ? details.badEntry : undefined,
    },
  }
}
