import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { countVisitsAhead } from '../queries/visits.ts'
import { isLive, type Kind } from '../rules.ts'
import { settingsMenu } from '../rules/settings.ts'

const places = {
  practitioner: { path: '/settings/doctors', section: 'doctors', question: 'clinics.ending.doctor' },
  service: { path: '/settings/services', section: 'services', question: 'clinics.ending.service' },
  location: { path: '/settings/locations', section: 'locations', question: 'clinics.ending.location' },
  resource: { path: '/settings/rooms', section: 'rooms', question: 'clinics.ending.resource' },
} as const satisfies Record<Kind, { path: string; section: string; question: string }>

/** The question before something is taken out of use: how many visits it touches, and whether the page goes dark. */
export async function endingPage(ctx: Ctx, speaker: Speaker, kind: Kind, id: string) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const lists = {
    practitioner: settings.practitioners,
    service: settings.services,
    location: settings.locations,
    resource: settings.resources,
  }
  const thing = lists[kind].find((one) => one.id === id && one.active) ?? notFound(kind)
  const { path, section, question } = places[kind]
  const without = <T extends { id: string; active: boolean }>(all: readonly T[]) =>
    all.map((one) => (one.id === id ? { ...one, active: false } : one))
  const after = {
    ...settings,
    practitioners: without(settings.practitioners),
    services: without(settings.services),
    locations: without(settings.locations),
  }
  const visits = await countVisitsAhead(ctx, kind, id)
  return view('clinics/deactivation', {
    title: t(question, { name: thing.name }),
    back: { href: at(ctx, `${path}/${id}`), label: thing.name },
    menu: settingsMenu(ctx, speaker, section),
    visits: visits === 0 ? t('clinics.ending.no_visits') : t('clinics.ending.visits', { count: visits }),
    offline: isLive(ctx.clinic, settings) && !isLive(ctx.clinic, after),
    action: at(ctx, `${path}/${id}/deactivation`),
    cancel: at(ctx, `${path}/${id}`),
  })
}
