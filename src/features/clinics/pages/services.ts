import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, listOf } from '../pages.ts'
import { getDiarySettings, type Service } from '../queries.ts'
import { settingsMenu } from '../rules/settings.ts'

export async function servicesPage(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  return view('clinics/list', {
    title: t('clinics.services.title'),
    lead: t('clinics.services.lead'),
    menu: settingsMenu(ctx, speaker, 'services'),
    add: { href: at(ctx, '/settings/services/new'), label: t('clinics.services.add') },
    empty: {
      icon: 'list-check',
      title: t('clinics.services.empty_title'),
      text: t('clinics.services.empty_text'),
      action: { href: at(ctx, '/settings/services/new'), label: t('clinics.services.add'), icon: 'plus' },
    },
    ...listOf(
      ctx,
      '/settings/services',
      settings.services.map((service) => ({
        id: service.id,
        name: service.name,
        active: service.active,
        href: at(ctx, `/settings/services/${service.id}`),
        icon: 'list-check',
        meta: serviceMeta(service, speaker),
        ...(settings.offers.some(({ serviceId }) => serviceId === service.id)
          ? {}
          : { note: t('clinics.services.no_doctor') }),
      })),
    ),
  })
}

function serviceMeta(service: Service, speaker: Speaker): string[] {
  const { t } = speaker
  return [
    t('clinics.unit.minutes', { count: service.durationMin }),
    ...(service.priceMinor === null ? [] : [speaker.money({ minor: service.priceMinor, currency: service.currency })]),
    ...(service.capacity > 1 ? [t('clinics.services.group_of', { count: service.capacity })] : []),
    ...(service.visitType === 'follow_up' ? [t('clinics.services.type_follow_up')] : []),
    ...(service.newOnly ? [t('clinics.services.new_only_meta')] : []),
    service.online ? t('clinics.services.online_yes') : t('clinics.services.online_no'),
  ]
}
