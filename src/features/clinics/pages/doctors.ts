import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { PractitionerId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, listOf, type FieldGroup } from '../pages.ts'
import { getDiarySettings, type DiarySettings } from '../queries.ts'
import { initialsOf } from '../rules.ts'
import { countVisitsAhead, listWithVisitsAhead } from '../queries/visits.ts'
import { handOverPath, settingsMenu } from '../rules/settings.ts'

export async function doctorsPage(ctx: Ctx, speaker: Speaker) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const outOfUse = settings.practitioners.filter(({ active }) => !active)
  const left = await listWithVisitsAhead(
    ctx,
    outOfUse.map(({ id }) => id),
  )
  return view('clinics/list', {
    title: t('clinics.doctors.title'),
    lead: t('clinics.doctors.lead'),
    menu: settingsMenu(ctx, speaker, 'doctors'),
    add: { href: at(ctx, '/settings/doctors/new'), label: t('clinics.doctors.add') },
    empty: {
      icon: 'stethoscope',
      title: t('clinics.doctors.empty_title'),
      text: t('clinics.doctors.empty_text'),
      action: { href: at(ctx, '/settings/doctors/new'), label: t('clinics.doctors.add'), icon: 'plus' },
    },
    ...listOf(
      ctx,
      '/settings/doctors',
      settings.practitioners.map((doctor) => ({
        id: doctor.id,
        name: doctor.name,
        active: doctor.active,
        href: at(ctx, `/settings/doctors/${doctor.id}`),
        initials: initialsOf(doctor.name),
        meta: [doctor.title ?? '', servicesOf(settings, doctor.id, speaker)].filter((text) => text !== ''),
        ...([...settings.shifts, ...settings.timetables].some(({ practitionerId }) => practitionerId === doctor.id)
          ? {}
          : { note: t('clinics.doctors.no_hours') }),
        ...(left.has(doctor.id)
          ? { task: { href: at(ctx, handOverPath(doctor.id)), label: t('clinics.doctors.hand_over') } }
          : {}),
      })),
    ),
  })
}

function servicesOf({ offers, services }: DiarySettings, id: PractitionerId, speaker: Speaker): string {
  const names = services
    .filter((service) => service.active)
    .filter((service) => offers.some((one) => one.practitionerId === id && one.serviceId === service.id))
    .map(({ name }) => name)
  return names.length === 0 ? speaker.t('clinics.doctors.no_services') : speaker.list(names.map(isolated))
}

export async function doctorPage(ctx: Ctx, speaker: Speaker, id: PractitionerId | undefined, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const doctor = settings.practitioners.find((one) => one.id === id)
  if (id !== undefined && !doctor) return notFound('practitioner')
  const services = settings.services.filter((service) => service.active)
  const given = settings.offers.filter((offer) => offer.practitionerId === id).map(({ serviceId }) => serviceId)
  const form =
    refused ??
    filledForm({
      name: doctor?.name ?? '',
      title: doctor?.title ?? '',
      services: (doctor ? given : services.map((service) => service.id)).join(' '),
    })
  const field = fieldIn(form)
  return view('clinics/edit', {
    title: doctor?.name ?? t('clinics.doctors.add'),
    scripts: formScripts,
    back: { href: at(ctx, '/settings/doctors'), label: t('clinics.doctors.title') },
    menu: settingsMenu(ctx, speaker, 'doctors'),
    form,
    action: at(ctx, doctor ? `/settings/doctors/${doctor.id}` : '/settings/doctors'),
    submit: doctor ? t('clinics.action.save') : t('clinics.doctors.add'),
    cancel: at(ctx, '/settings/doctors'),
    groups: [
      {
        rows: [
          [
            field({
              name: 'name',
              label: t('clinics.doctors.name'),
              hint: t('clinics.doctors.name_hint'),
              maxlength: 120,
            }),
          ],
          [
            field({
              name: 'title',
              label: t('clinics.doctors.speciality'),
              hint: t('clinics.doctors.speciality_hint'),
              required: false,
              maxlength: 80,
            }),
          ],
          services.length === 0
            ? []
            : [
                field({
                  name: 'services',
                  type: 'checkboxes',
                  label: t('clinics.doctors.services'),
                  hint: t('clinics.doctors.services_hint'),
                  options: services.map((service) => ({ value: service.id, label: service.name })),
                }),
              ],
        ],
      },
    ] satisfies FieldGroup[],
    ...(doctor?.active
      ? {
          more: { href: at(ctx, `/settings/hours/${doctor.id}`), label: t('clinics.doctors.set_hours') },
          end: {
            href: at(ctx, `/settings/doctors/${doctor.id}/deactivation`),
            label: t('clinics.doctors.end'),
            text: t('clinics.doctors.end_hint'),
          },
        }
      : doctor && (await countVisitsAhead(ctx, 'practitioner', doctor.id)) > 0
        ? { more: { href: at(ctx, handOverPath(doctor.id)), label: t('clinics.doctors.hand_over') } }
        : {}),
  })
}
