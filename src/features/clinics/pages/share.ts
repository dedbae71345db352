import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames, languages, type Language } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { qrSquares } from '../../../platform/qr.ts'
import { at } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { isLive, missingForLive } from '../rules.ts'
import { settingsMenu } from '../rules/settings.ts'

export async function sharePage(ctx: Ctx, speaker: Speaker, baseUrl: string) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const link = `${baseUrl}/c/${ctx.clinic.slug}`
  const sentence = t('clinics.share.message', { name: ctx.clinic.name, link })
  return view('clinics/share', {
    title: t('clinics.share.title'),
    lead: t('clinics.share.lead'),
    scripts: ['/js/share.js'],
    menu: settingsMenu(ctx, speaker, 'share'),
    live: isLive(ctx.clinic, settings),
    missing: missingForLive(ctx.clinic, settings).map((key) => t(key)),
    link,
    shown: link.replace(/^https?:\/\//, ''),
    qr: qrSquares(link),
    whatsapp: `https://wa.me/?text=${encodeURIComponent(sentence)}`,
    poster: at(ctx, '/settings/share/poster'),
    action: at(ctx, '/settings/share'),
    done: settings.profile.linkSharedAt !== null,
  })
}

/** One sheet for the wall, in the language of the clinic's patients unless another is asked for. */
export function posterPage(ctx: Ctx, reader: Speaker, patients: Speaker, baseUrl: string) {
  const link = `${baseUrl}/c/${ctx.clinic.slug}`
  return Promise.resolve(
    view('clinics/poster', {
      title: reader.t('clinics.poster.title'),
      lang: patients.lang,
      dir: patients.dir,
      accent: ctx.clinic.accent,
      clinic: { name: ctx.clinic.name, city: ctx.clinic.city },
      heading: patients.t('clinics.poster.heading'),
      steps: [
        patients.t('clinics.poster.step_scan'),
        patients.t('clinics.poster.step_choose'),
        patients.t('clinics.poster.step_message'),
      ],
      shown: link.replace(/^https?:\/\//, ''),
      qr: qrSquares(link),
      back: at(ctx, '/settings/share'),
      languages: languages.map((code: Language) => ({
        code,
        name: languageNames[code],
        href: `${at(ctx, '/settings/share/poster')}?in=${code}`,
        current: code === patients.lang,
      })),
    }),
  )
}
