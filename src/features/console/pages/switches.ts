import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { switchCodes, switches, type SwitchMode } from '../../../platform/switches.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listPlans } from '../../subscription/queries/plans.ts'
import { listSwitches } from '../queries/switches.ts'
import { withQuery } from '../rules/paging.ts'
import type { Pill } from './words.ts'

const looks: Record<SwitchMode, { css: string; icon: string }> = {
  on: { css: 'pill-success', icon: 'circle-check' },
  off: { css: 'pill-danger', icon: 'ban' },
  on_for: { css: 'pill-warning', icon: 'filter' },
  off_for: { css: 'pill-warning', icon: 'filter' },
}
const modes: SwitchMode[] = ['on', 'off', 'on_for', 'off_for']

export async function switchesPage(
  { db }: Pick<Services, 'db'>,
  speaker: Speaker,
  changing: string | undefined,
  form: Form = emptyForm,
): Promise<View> {
  const { t } = speaker
  const [lines, plans] = await Promise.all([listSwitches(db), listPlans(db)])
  const planName = new Map(plans.map(({ code, names }) => [code, names[speaker.lang]]))
  return view('console/switches', {
    title: t('operations.switches.title'),
    form,
    scripts: ['/js/error-summary.js'],
    switches: switchCodes.map((code) => {
      const line = lines.find((one) => one.code === code)
      const typed = form.values.code === code ? form : emptyForm
      const mode = line?.mode ?? 'on'
      const scope = switches[code]
      const pill: Pill = { ...looks[mode], word: t(`operations.mode.${mode}`) }
      const named = [...(line?.plans ?? []).map((plan) => planName.get(plan) ?? plan), ...(line?.slugs ?? [])]
      return {
        code,
        title: t(`operations.switch.${code}.title`),
        text: t(`operations.switch.${code}.text`),
        pill,
        named: named.length === 0 ? undefined : speaker.list(named),
        note: line?.note ? line.note : undefined,
        changed:
          line?.changedAt && line.changedBy
            ? t('operations.switches.changed', { name: line.changedBy, at: speaker.dateTime(line.changedAt) })
            : undefined,
        changeHref: withQuery('/admin/switches', { change: code }),
        fields:
          (changing ?? form.values.code) !== code
            ? undefined
            : [
                {
                  name: 'mode',
                  label: t('operations.switches.mode'),
                  type: 'select',
                  value: typed.values.mode ?? mode,
                  error: typed.errors.mode,
                  options: modes
                    .filter((one) => scope === 'clinic' || one === 'on' || one === 'off')
                    .map((one) => ({ value: one, label: t(`operations.mode.${one}`) })),
                },
                ...(scope === 'clinic'
                  ? [
                      {
                        name: 'plans',
                        label: t('operations.switches.plans'),
                        type: 'checkboxes',
                        value: typed.values.plans?.split(' ') ?? line?.plans ?? [],
                        options: plans.map((plan) => ({ value: plan.code, label: plan.names[speaker.lang] })),
                      },
                      {
                        name: 'clinics',
                        label: t('operations.switches.clinics'),
                        hint: t('operations.switches.clinics_hint'),
                        type: 'text',
                        dir: 'ltr',
                        value: typed.values.clinics ?? (line?.slugs ?? []).join(' '),
                        error: typed.errors.clinics,
                      },
                    ]
                  : []),
                {
                  name: 'note',
                  label: t('operations.switches.note'),
                  type: 'text',
                  value: typed.values.note ?? '',
                  error: typed.errors.note,
                },
              ],
      }
    }),
  })
}
