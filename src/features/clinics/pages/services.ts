import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { ServiceId } from '../../../kernel/ids.ts'
import { moneyText } from '../../../kernel/money.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, listOf, type FieldGroup } from '../pages.ts'
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
    service.online ? t('clinics.services.online_yes') : t('clinics.services.online_no'),
  ]
}

export async function servicePage(ctx: Ctx, speaker: Speaker, id: ServiceId | undefined, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const service = settings.services.find((one) => one.id === id)
  if (id !== undefined && !service) return notFound('service')
  const doctors = settings.practitioners.filter((doctor) => doctor.active)
  const given = settings.offers.filter((offer) => offer.serviceId === id).map(({ practitionerId }) => practitionerId)
  const form =
    refused ??
    filledForm({
      name: service?.name ?? '',
      minutes: String(service?.durationMin ?? 30),
      price: service?.priceMinor == null ? '' : moneyText({ minor: service.priceMinor, currency: service.currency }),
      before: String(service?.bufferBeforeMin ?? 0),
      after: String(service?.bufferAfterMin ?? 0),
      capacity: String(service?.capacity ?? 1),
      online: (service?.online ?? true) ? 'yes' : '',
      doctors: (service ? given : doctors.map((doctor) => doctor.id)).join(' '),
    })
  const field = fieldIn(form)
  const number = { inputmode: 'numeric', dir: 'ltr', css: 'input-short' }
  return view('clinics/edit', {
    title: service?.name ?? t('clinics.services.add'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/services'), label: t('clinics.services.title') },
    menu: settingsMenu(ctx, speaker, 'services'),
    form,
    action: at(ctx, service ? `/settings/services/${service.id}` : '/settings/services'),
    submit: service ? t('clinics.action.save') : t('clinics.services.add'),
    cancel: at(ctx, '/settings/services'),
    groups: [
      {
        rows: [
          [
            field({
              name: 'name',
              label: t('clinics.services.name'),
              hint: t('clinics.services.name_hint'),
              maxlength: 80,
            }),
          ],
          [
            field({
              ...number,
              name: 'minutes',
              label: t('clinics.services.minutes'),
              hint: t('clinics.services.minutes_hint'),
              suffix: t('clinics.unit.min'),
            }),
            field({
              name: 'price',
              label: t('clinics.services.price'),
              hint: t('clinics.services.price_hint'),
              prefix: ctx.clinic.currency,
              inputmode: 'decimal',
              dir: 'ltr',
              required: false,
            }),
          ],
          [
            field({
              name: 'online',
              type: 'checkbox',
              label: t('clinics.services.online'),
              hint: t('clinics.services.online_hint'),
            }),
          ],
          doctors.length === 0
            ? []
            : [
                field({
                  name: 'doctors',
                  type: 'checkboxes',
                  label: t('clinics.services.doctors'),
                  options: doctors.map((doctor) => ({ value: doctor.id, label: doctor.name })),
                }),
              ],
        ],
      },
      {
        title: t('clinics.services.room'),
        rows: [
          [
            field({
              ...number,
              name: 'before',
              label: t('clinics.services.before'),
              hint: t('clinics.services.before_hint'),
              suffix: t('clinics.unit.min'),
            }),
            field({
              ...number,
              name: 'after',
              label: t('clinics.services.after'),
              hint: t('clinics.services.after_hint'),
              suffix: t('clinics.unit.min'),
            }),
            field({
              ...number,
              name: 'capacity',
              label: t('clinics.services.capacity'),
              hint: t('clinics.services.capacity_hint'),
            }),
          ],
        ],
      },
    ] satisfies FieldGroup[],
    ...(service?.active
      ? {
          end: {
            href: at(ctx, `/settings/services/${service.id}/deactivation`),
            label: t('clinics.services.end'),
            text: t('clinics.services.end_hint'),
          },
        }
      : {}),
  })
}
