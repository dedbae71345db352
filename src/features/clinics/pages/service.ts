// The form of one service: what most need first, what few need folded away.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { ServiceId } from '../../../kernel/ids.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts } from '../pages.ts'
import { getDiarySettings } from '../queries.ts'
import { settingsMenu } from '../rules/settings.ts'
import { basicsGroup } from './service/basics.ts'
import { doctorsGroup } from './service/doctors.ts'
import type { Draw } from './service/fields.ts'
import { questionsGroup } from './service/questions.ts'
import { roomsGroup } from './service/rooms.ts'
import { rulesGroup } from './service/rules.ts'
import { serviceValues } from './service/values.ts'

export async function servicePage(ctx: Ctx, speaker: Speaker, id: ServiceId | undefined, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const service = settings.services.find((one) => one.id === id)
  if (id !== undefined && !service) return notFound('service')
  const doctors = settings.practitioners.filter((doctor) => doctor.active)
  const form = refused ?? filledForm(serviceValues(settings, service, doctors))
  const draw: Draw = { ctx, speaker, form, field: fieldIn(form) }
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
      basicsGroup(draw),
      doctorsGroup(draw, doctors),
      rulesGroup(draw),
      roomsGroup(draw, settings),
      questionsGroup(draw),
    ],
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
