import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { UserId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { fieldIn, formScripts, type Field, type Words } from '../pages.ts'
import { findMember } from '../queries.ts'
import { listFactorResets, type FactorReset } from '../queries/factor-resets.ts'
import { resetDelayHours } from '../rules/factors.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'

const proofField = ({ t }: Words): Field => ({
  name: 'proof',
  type: 'textarea',
  rows: 3,
  label: t('accounts.field.proof'),
  hint: t('accounts.field.proof_hint'),
  maxlength: 1000,
})

export async function resetFactorPage(
  ctx: Ctx,
  speaker: Speaker,
  userId: UserId,
  form: Form = emptyForm,
): Promise<View> {
  const { t } = speaker
  const member = (await findMember(ctx.db, ctx.clinic.id, userId)) ?? notFound('member')
  const back = `/app/${ctx.clinic.slug}/settings/staff/${userId}`
  return view('accounts/factor-reset', {
    title: t('accounts.reset_factor.title', { name: member.name }),
    text: t('accounts.reset_factor.text', { hours: resetDelayHours }),
    scripts: formScripts,
    menu: settingsMenu(ctx, speaker, 'staff'),
    back: { href: back, label: member.name },
    form,
    action: `${back}/second-factor`,
    cancel: back,
    fields: [fieldIn(form)(proofField(speaker))],
  })
}

export async function operatorResetPage({ db }: Pick<Services, 'db'>, speaker: Speaker, form: Form): Promise<View> {
  const { t } = speaker
  const field = fieldIn(form)
  const resets = await listFactorResets(db)
  return view('accounts/operator-resets', {
    title: t('accounts.reset_factor.console'),
    text: t('accounts.reset_factor.text', { hours: resetDelayHours }),
    scripts: formScripts,
    form,
    action: '/admin/second-factors',
    fields: [
      field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'off' }),
      field(proofField(speaker)),
    ],
    resets: resets.map(({ id, name, email, askedBy, askedAt, dueAt }) => ({
      name,
      email,
      takeBack: `/admin/second-factors/${id}/cancellation`,
      asked: t('accounts.reset_factor.asked', {
        who: askedBy ?? t('accounts.factor.somebody'),
        at: speaker.dateTime(askedAt),
      }),
      due: t('accounts.reset_factor.due', { at: speaker.dateTime(dueAt) }),
    })),
  })
}

export function cancelResetPage(speaker: Speaker, action: string, reset: FactorReset): View {
  const { t } = speaker
  return view('accounts/form', {
    title: t('accounts.reset_factor.cancel_title'),
    lead: t('accounts.reset_factor.cancel_text', {
      who: reset.askedBy ?? t('accounts.factor.somebody'),
      at: speaker.dateTime(reset.dueAt),
    }),
    form: emptyForm,
    action,
    hidden: {},
    fields: [],
    submit: t('accounts.reset_factor.cancel'),
  })
}
