import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames, languages, type Language } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { qrSquares } from '../../../platform/qr.ts'
import { at } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { isLive, missingForLive } from '../rules.ts'
import { settingsMenu } from '../rules/settings.ts'

/** `patients` speaks as the clinic's patients do: what is sent is for them, whatever language this page is in. */
export async function sharePage(ctx: Ctx, speaker: Speaker, patients: Speaker, baseUrl: string) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const link = `${baseUrl}/c/${ctx.clinic.slug}`
  const whatsapp = (name: string, to: string) =>
    `https://wa.me/?text=${encodeURIComponent(patients.t('clinics.share.message', { name, link: to }))}`
  const doctors = settings.practitioners.filter(({ id }) => settings.offers.some((one) => one.practitionerId === id))
  const services = settings.services.filter(
    ({ id, active, online }) => active && online && settings.offers.some((one) => one.serviceId === id),
  )
  const deeper = (kind: 'practitioner' | 'service', one: { id: string; name: string }) => {
    const to = `${link}/times?${kind}=${one.id}`
    return { id: one.id, name: one.name, link: to, whatsapp: whatsapp(`${one.name}, ${ctx.clinic.name}`, to) }
  }
  return view('clinics/share', {
    title: t('clinics.share.title'),
    lead: t('clinics.share.lead'),
    scripts: ['/js/share.js', '/js/copy.js'],
    menu: settingsMenu(ctx, speaker, 'share'),
    live: isLive(ctx.clinic, settings),
    missing: missingForLive(ctx.clinic, settings).map((key) => t(key)),
    link,
    shown: link.replace(/^https?:\/\//, ''),
    qr: qrSquares(link),
    whatsapp: whatsapp(ctx.clinic.name, link),
    doctors: doctors.map((one) => {
      const deep = deeper('practitioner', one)
      return { ...deep, qr: qrSquares(deep.link), poster: at(ctx, `/settings/share/poster?doctor=${one.id}`) }
    }),
    services: services.map((one) => deeper('service', one)),
    poster: at(ctx, '/settings/share/poster'),
    action: at(ctx, '/settings/share'),
    done: settings.profile.linkSharedAt !== null,
  })
}

/**
 * One sheet for the wall, in the language of the clinic's patients unless another is asked for. With a doctor, for the
 * door of their room: the code leads to their times.
 */
export async function posterPage(ctx: Ctx, reader: Speaker, patients: Speaker, baseUrl: string, doctorId?: string) {
  const link = `${baseUrl}/c/${ctx.clinic.slug}`
  const { practitioners } = await getDiarySettings(ctx)
  const doctor = practitioners.find(({ id }) => id === doctorId)
  const own = doctor ? `&doctor=${doctor.id}` : ''
  return view('clinics/poster', {
    title: reader.t('clinics.poster.title'),
    lang: patients.lang,
    dir: patients.dir,
    accent: ctx.clinic.accent,
    clinic: { name: ctx.clinic.name, city: ctx.clinic.city },
    heading: doctor
      ? patients.t('clinics.poster.heading_doctor', { name: doctor.name })
      : patients.t('clinics.poster.heading'),
    steps: [
      patients.t('clinics.poster.step_scan'),
      patients.t('clinics.poster.step_choose'),
      patients.t('clinics.poster.step_message'),
    ],
    shown: link.replace(/^https?:\/\//, ''),
    qr: qrSquares(doctor ? `${link}/times?practitioner=${doctor.id}` : link),
    back: at(ctx, '/settings/share'),
    languages: languages.map((code: Language) => ({
      code,
      name: languageNames[code],
      href: `${at(ctx, '/settings/share/poster')}?in=${code}${own}`,
      current: code === patients.lang,
    })),
  })
}
