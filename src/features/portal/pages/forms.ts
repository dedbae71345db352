// The forms of the patient's own side: what is wrong, and what is asked for.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import { view, type View } from '../../../platform/web/views.ts'
import type { Patient } from '../../patients/queries.ts'
import { findEffects } from '../../rights/queries/effects.ts'
import { dueOf } from '../../rights/rules.ts'
import type { Askable } from '../rules.ts'
import { frameOf, pathOf, type Scene } from './frame.ts'
import type { Open } from './own.ts'

function formFrame(scene: Scene, { token }: Open, { id }: Patient) {
  const { t } = scene.speaker
  return {
    ...frameOf(scene),
    back: { href: pathOf(scene, token, `/people/${id}`), label: t('portal.back.person') },
    scripts: ['/js/error-summary.js'],
  }
}

const wordsField = ({ speaker: { t } }: Scene, form: Form, label: string, required = false) => ({
  name: 'words',
  type: 'textarea',
  label,
  required,
  maxlength: 1000,
  value: form.values.words ?? '',
  error: form.errors.words,
  hint: t('portal.correct.words_hint'),
})

export function correctionPage(scene: Scene, open: Open, patient: Patient, form?: Form, wrong?: string): View {
  const { t } = scene.speaker
  const filled =
    form ??
    filledForm({
      name: patient.name,
      phone: phoneText(patient.phone),
      email: patient.email ?? '',
      language: patient.language,
    })
  const field = (name: string) => ({
    name,
    label: t(`portal.correct.${name}`),
    value: filled.values[name] ?? '',
    error: filled.errors[name],
  })
  return view('portal/correction', {
    title: t('portal.correct.title'),
    ...formFrame(scene, open, patient),
    form: filled,
    wrong,
    action: pathOf(scene, open.token, `/people/${patient.id}/correction`),
    fields: [
      {
        ...field('name'),
        hint: t('portal.correct.name_hint', { clinic: scene.clinic.name }),
        autocomplete: 'name',
        dir: 'auto',
      },
      {
        ...field('phone'),
        hint: t('portal.correct.phone_hint', { clinic: scene.clinic.name }),
        type: 'tel',
        autocomplete: 'tel',
      },
      { ...field('email'), type: 'email', autocomplete: 'email', required: false },
      {
        ...field('language'),
        type: 'select',
        options: Object.entries(languageNames).map(([value, label]) => ({ value, label })),
      },
      wordsField(scene, filled, t('portal.correct.words')),
    ],
  })
}

/** What a right comes to before it is asked for: what would happen, what stays, and by when there is an answer. */
export async function requestPage(
  ctx: Ctx,
  scene: Scene,
  open: Open,
  patient: Patient,
  kind: Askable,
  form: Form = filledForm({}),
  wrong?: string,
): Promise<View> {
  const { speaker, clinic } = scene
  const { t } = speaker
  const effects = kind === 'erasure' ? await findEffects(ctx, patient) : undefined
  return view('portal/request', {
    title: t(`portal.right.${kind}.title`),
    ...formFrame(scene, open, patient),
    form,
    wrong,
    name: patient.name,
    kind,
    lead: t(`portal.right.${kind}.lead`, { clinic: clinic.name }),
    steps: [
      t('portal.steps.now', { clinic: clinic.name }),
      t('portal.steps.soon', { clinic: clinic.name }),
      t('portal.steps.due', { date: speaker.date(dueOf(ctx.now, clinic.zone)) }),
    ],
    effects: effects && [
      ...(effects.openVisits > 0 ? [t('portal.effects.cancelled', { count: effects.openVisits })] : []),
      t('portal.effects.visits', { count: effects.visits }),
      t('portal.effects.messages', { count: effects.messages + effects.inbound }),
    ],
    kept: effects && [
      ...(effects.recordVisits > 0 ? [t('portal.kept.record', { count: effects.recordVisits })] : []),
      ...(effects.hold ? [t('portal.kept.hold')] : []),
      t('portal.kept.log'),
      t('portal.kept.stop'),
    ],
    action: pathOf(scene, open.token, `/people/${patient.id}/requests`),
    field: wordsField(
      scene,
      form,
      t(`portal.right.${kind === 'objection' ? 'words_objection' : 'words'}`),
      kind === 'objection',
    ),
  })
}
