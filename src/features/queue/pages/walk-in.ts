import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { PractitionerId } from '../../../kernel/ids.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { answerFields, questionsOf } from '../../appointments/rules/answers.ts'
import { getSettings, offerOf } from '../../availability/actions.ts'
import { listTodaysLine } from '../queries/look.ts'
import { lineOf } from '../rules/line.ts'
import { hoursOn } from '../../clinics/rules/timetables.ts'

/**
 * Somebody stands at the desk: name and number, and Enter. Doctor, service and place are chosen already: the doctor who
 * was looked at, else the one with the shortest line among those who are seen to work today; the first service on the
 * list that they give; the place where they are today.
 */
export async function walkInPage(
  ctx: Ctx,
  speaker: Speaker,
  asked: { practitionerId?: PractitionerId | undefined; back: string; refused?: string },
  form: Form = emptyForm,
): Promise<View> {
  const settings = await getSettings(ctx)
  const { t } = speaker
  const day = await listTodaysLine(ctx)
  const today = dateAt(ctx.now, ctx.clinic.zone)
  const shifts = hoursOn(settings, today)
  const services = settings.services.filter(({ active }) => active)
  const offered = (practitionerId: PractitionerId) =>
    services.filter(({ id }) => offerOf(settings, 'desk', id, practitionerId))
  const doctors = settings.practitioners
    .filter(({ id, active }) => active && offered(id).length > 0)
    .map(({ id, name }) => {
      const own = day.filter(({ practitionerId }) => practitionerId === id)
      const works = own.length > 0 || shifts.some((shift) => shift.practitionerId === id)
      return { id, name, waiting: lineOf(own).waiting.length, works, own }
    })
  const shortest = [...doctors].sort((a, b) => Number(b.works) - Number(a.works) || a.waiting - b.waiting)[0]
  const { values } = form
  const doctor = doctors.find(({ id }) => id === (values.practitioner ?? asked.practitionerId)) ?? shortest
  const places = settings.locations.filter(({ active }) => active)
  const shift = shifts.find((one) => one.practitionerId === doctor?.id)?.locationId
  const place =
    places.find(({ id }) => id === values.location) ??
    places.find(({ id }) => id === doctor?.own.at(-1)?.locationId) ??
    places.find(({ id }) => id === shift) ??
    places[0]
  const base = `/app/${ctx.clinic.slug}`
  const service = services.find(({ id }) => id === values.service)?.id ?? (doctor && offered(doctor.id)[0]?.id)
  return view('queue/walk-in', {
    title: t('queue.walk_in.title'),
    scripts: ['/js/error-summary.js', '/js/booking.js'],
    action: `${base}/walk-in`,
    back: { href: asked.back },
    refused: asked.refused,
    form,
    ready: doctor !== undefined && place !== undefined,
    doctor: doctor?.id,
    doctors: doctors.map(({ id, name, waiting }) => ({
      value: id,
      label: t('queue.walk_in.doctor_option', { name, count: waiting }),
    })),
    service,
    // Where no service asks anything there is nothing to look for when another is chosen.
    asks: services.some(({ id }) => questionsOf(settings, id).length > 0),
    questions: service ? answerFields(t, questionsOf(settings, service), form) : [],
    services: services.map(({ id, name }) => ({ value: id, label: name })),
    place: place?.id,
    places: places.length < 2 ? [] : places.map(({ id, name }) => ({ value: id, label: name })),
    language: values.language ?? ctx.clinic.language,
    languages: languages.map((code) => ({ value: code, label: languageNames[code] })),
    agreedLabel: t('queue.walk_in.agreed', { clinic: ctx.clinic.name }),
  })
}
