// When months began: what the clinic holds against the calculated calendar.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import { dateAt, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { settingsMenu } from '../rules/settings.ts'
import { correctionOf, endOf, monthDates, moonMonths } from '../rules/timetables.ts'
import { datesText } from './timetables.ts'

export async function moonPage(ctx: Ctx, speaker: Speaker, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const months = moonMonths(dateAt(ctx.now, ctx.clinic.zone), settings)
  const name = ({ year, month }: { year: number; month: number }) => `m${year}_${month}`
  const values = Object.fromEntries(
    months
      .flatMap((one) => [one, endOf(one)])
      .map((one) => [name(one), String(correctionOf(settings.moon, one.year, one.month))]),
  )
  const form = refused ?? filledForm(values)
  const field = fieldIn(form)
  const optionText = (date: PlainDate, days: number) =>
    t(`clinics.timetables.moon.${days === 0 ? 'calculated' : days < 0 ? 'earlier' : 'later'}`, {
      date: speaker.date(date.add({ days })),
    })
  const choice = (one: { year: number; month: number }, label: string, first: PlainDate) =>
    field({
      name: name(one),
      type: 'select',
      label,
      options: [-1, 0, 1].map((days) => ({ value: String(days), label: optionText(first, days) })),
    })
  return view('clinics/moon', {
    title: t('clinics.timetables.moon.title'),
    lead: t('clinics.timetables.moon.lead'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/hours'), label: t('clinics.hours.title') },
    menu: settingsMenu(ctx, speaker, 'hours'),
    form,
    action: at(ctx, '/settings/hours/moon'),
    months: months.map((one) => {
      const calculated = monthDates(one.year, one.month, [])
      const now = monthDates(one.year, one.month, settings.moon)
      return {
        title: speaker.hijriMonth(one),
        now: datesText(speaker, now.from, now.to),
        fields: [
          choice(one, t('clinics.timetables.moon.first'), calculated.from),
          choice(endOf(one), t('clinics.timetables.moon.last'), calculated.to),
        ],
      }
    }),
    cancel: at(ctx, '/settings/hours'),
  })
}
