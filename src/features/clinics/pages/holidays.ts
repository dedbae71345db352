// Public holidays of the clinic's country, to tick and close on. None is ever added by itself.
import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Holiday } from '../../../platform/holidays.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { closesOn } from '../rules/closures.ts'
import { settingsMenu } from '../rules/settings.ts'
import { usesHijri } from '../rules/timetables.ts'
import { datesText, hijriText } from './timetables.ts'

export async function holidaysPage(ctx: Ctx, speaker: Speaker, holidays: readonly Holiday[], form: Form = emptyForm) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const ticked = new Set((form.values.holiday ?? '').split(' '))
  const field = fieldIn(form)
  const both = usesHijri(ctx.clinic, settings)
  return view('clinics/holidays', {
    title: t('clinics.timetables.holidays.title'),
    lead: t('clinics.timetables.holidays.lead'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/closures'), label: t('clinics.closures.title') },
    menu: settingsMenu(ctx, speaker, 'closures'),
    form,
    action: at(ctx, '/settings/closures/holidays'),
    days: holidays.map((day) => {
      const closed = settings.closures.some((closure) => closesOn(closure, day, ctx.clinic.zone))
      const name = day.names[speaker.lang] ?? day.names.en
      return {
        key: day.key,
        name,
        when: datesText(speaker, day.from, day.to),
        hijri: both ? hijriText(speaker, settings.moon, day.from, day.to) : undefined,
        closed,
        checked: ticked.has(day.key),
        shift:
          day.moon && !closed
            ? field({
                name: `shift_${day.key}`,
                type: 'select',
                label: t('clinics.timetables.holidays.moon', { name }),
                hideLabel: true,
                options: [
                  { value: '0', label: t('clinics.timetables.holidays.may_shift') },
                  {
                    value: '-1',
                    label: t('clinics.timetables.moon.earlier', {
                      date: speaker.dayMonth(day.from.subtract({ days: 1 })),
                    }),
                  },
                  {
                    value: '1',
                    label: t('clinics.timetables.moon.later', { date: speaker.dayMonth(day.from.add({ days: 1 })) }),
                  },
                ],
              })
            : undefined,
      }
    }),
    cancel: at(ctx, '/settings/closures'),
  })
}
