// One message about several visits: a series that was booked, moved or called off. It lists the dates, and has no button
// that confirms or cancels: nobody should have to guess whether that means one of them or all.
import type { Language } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Translate } from '../../../platform/i18n/translate.ts'
import type { Instant } from '../../../kernel/time.ts'
import { cleanParameter } from './templates.ts'

export const seriesTemplates = ['nabz_series_confirmation', 'nabz_series_moved', 'nabz_series_cancelled'] as const
export type SeriesTemplate = (typeof seriesTemplates)[number]

/** As in `VisitValues`; `dates` in place of when. */
export type SeriesValues = { clinic: string; dates: string; doctor: string; address: string }

const parameters: Record<SeriesTemplate, readonly (keyof SeriesValues)[]> = {
  nabz_series_confirmation: ['clinic', 'dates', 'doctor', 'address'],
  nabz_series_moved: ['clinic', 'dates', 'doctor', 'address'],
  nabz_series_cancelled: ['clinic', 'dates'],
}
const lengths: Record<keyof SeriesValues, number> = { clinic: 80, dates: 420, doctor: 120, address: 200 }
const samples: SeriesValues = {
  clinic: 'Shifa Clinic',
  dates: 'Tue 24 Nov, 4:30 pm; Tue 1 Dec, 4:30 pm; Tue 8 Dec, 4:30 pm and 3 more',
  doctor: 'Dr Sana Malik',
  address: 'Gulshan-e-Iqbal, Karachi',
}

export function isSeriesTemplate(name: string): name is SeriesTemplate {
  return seriesTemplates.some((template) => template === name)
}

/** Up to eight dates are all named; of more the first six, and how many more there are. */
const named = 8

export function datesText(speaker: Speaker, starts: readonly Instant[]): string {
  const shown = starts.length > named ? starts.slice(0, named - 2) : starts
  const dates = shown.map((startsAt) => speaker.dateTime(startsAt)).join(`${speaker.t('messaging.series.between')} `)
  const count = starts.length - shown.length
  return count === 0 ? dates : speaker.t('messaging.series.and_more', { dates, count })
}

const cleaned = (values: SeriesValues): SeriesValues => ({
  clinic: cleanParameter(values.clinic, lengths.clinic),
  dates: cleanParameter(values.dates, lengths.dates),
  doctor: cleanParameter(values.doctor, lengths.doctor),
  address: cleanParameter(values.address, lengths.address),
})

/** The message as the person reads it. */
export const seriesText = (name: SeriesTemplate, t: Translate, values: SeriesValues): string =>
  t(`messaging.template.${name}.body`, cleaned(values))

/** `suffix` is the patient's link to the first of the visits, or the clinic's page when they are called off. */
export function seriesTemplateMessage(
  name: SeriesTemplate,
  language: Language,
  values: SeriesValues,
  suffix: string,
): Record<string, unknown> {
  const clean = cleaned(values)
  const text = (value: string) => ({ type: 'text', text: value })
  return {
    name,
    language: { code: language },
    components: [
      { type: 'body', parameters: parameters[name].map((key) => text(clean[key])) },
      { type: 'button', sub_type: 'url', index: '0', parameters: [text(suffix)] },
    ],
  }
}

/** What to register with WhatsApp. */
export function seriesDefinitions(language: Language, t: Translate, baseUrl: string): Record<string, unknown>[] {
  return seriesTemplates.map((name) => {
    const keys = parameters[name]
    const over = name === 'nabz_series_cancelled'
    const [path, example] = over ? ['c', 'shifa'] : ['a', 'mUq0Zk3nR8t2Vx5yB7cD9eF1gH4jK6mN']
    return {
      name,
      language,
      category: 'UTILITY',
      message_send_ttl_seconds: 43_200,
      parameter_format: 'POSITIONAL',
      components: [
        {
          type: 'BODY',
          text: t(`messaging.template.${name}.body`, Object.fromEntries(keys.map((key, at) => [key, `{{${at + 1}}}`]))),
          example: { body_text: [keys.map((key) => samples[key])] },
        },
        { type: 'FOOTER', text: t('messaging.template.footer') },
        {
          type: 'BUTTONS',
          buttons: [
            {
              type: 'URL',
              text: t(`messaging.button.${over ? 'book_again' : 'open'}`),
              url: `${baseUrl}/${path}/{{1}}`,
              example: [`${baseUrl}/${path}/${example}`],
            },
          ],
        },
      ],
    }
  })
}
