import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { AppointmentId, LocationId, PractitionerId } from '../../../kernel/ids.ts'
import { isolated } from '../../../kernel/names.ts'
import { dateAt, type PlainDate } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { directionOf, languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listBookedAhead, type Appointment } from '../../appointments/queries.ts'
import { getSettings } from '../../availability/actions.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { previewText } from '../../messaging/actions/compose.ts'
import type { Plan, PlannedVisit } from '../actions/plan.ts'
import { choiceText, declarationText, type Choice, type Declaration } from '../rules.ts'
import { sentenceOf } from '../rules/words.ts'

/** What an address may say already: whose leave, and when. */
export type Asked = {
  practitionerId: PractitionerId | undefined
  locationId: LocationId | undefined
  from: PlainDate | undefined
  to: PlainDate | undefined
}

/** Who is late or away, and what is to become of the visits. */
export async function declarePage(ctx: Ctx, speaker: Speaker, asked: Asked, form: Form = emptyForm): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const doctors = settings.practitioners.filter(({ active }) => active)
  const places = settings.locations.filter(({ active }) => active)
  const known = Object.keys(form.values).length > 0
  const gone = settings.practitioners.find(
    ({ id, active }) => !active && (id === asked.practitionerId || form.values.who === `doctor:${id}`),
  )
  // All that is still to come of somebody who is gone.
  const ahead = gone && !known ? await listBookedAhead(ctx, gone.id) : []
  const last = ahead.at(-1)
  const [from, to] = last
    ? [dateAt(ctx.now, ctx.clinic.zone), dateAt(last.startsAt, ctx.clinic.zone)]
    : [asked.from, asked.to]
  const whose = asked.locationId
    ? `place:${asked.locationId}`
    : `doctor:${asked.practitionerId ?? doctors[0]?.id ?? ''}`
  const values: Record<string, string> = known
    ? form.values
    : {
        who: whose,
        what: from || asked.locationId ? 'leave' : 'late',
        late_min: '20',
        then: 'move',
        from_date: from?.toString() ?? '',
        to_date: to?.toString() ?? '',
      }
  const field = (one: { name: string; label: string; [option: string]: unknown }) => ({
    ...one,
    value: values[one.name] ?? '',
    error: form.errors[one.name],
  })
  const today = dateAt(ctx.now, ctx.clinic.zone).toString()
  return view('disruptions/new', {
    title: t('disruptions.new.title'),
    scripts: ['/js/error-summary.js'],
    form: { ...form, values },
    back: `/app/${ctx.clinic.slug}/today`,
    list: `/app/${ctx.clinic.slug}/disruptions`,
    action: `/app/${ctx.clinic.slug}/disruptions/new`,
    nobody: doctors.length === 0 && !gone,
    gone: gone && t('disruptions.new.gone', { doctor: isolated(gone.name) }),
    who: field({
      name: 'who',
      type: 'select',
      label: t('disruptions.new.who'),
      options: [
        ...[...doctors, ...(gone ? [gone] : [])].map(({ id, name }) => ({ value: `doctor:${id}`, label: name })),
        ...places.map(({ id, name }) => ({ value: `place:${id}`, label: t('disruptions.new.place', { place: name }) })),
      ],
    }),
    what: field({
      name: 'what',
      type: 'radio',
      label: t('disruptions.new.what'),
      options: ['late', 'off', 'leave'].map((value) => ({ value, label: t(`disruptions.new.what_${value}`) })),
    }),
    late: [
      field({
        name: 'late_min',
        label: t('disruptions.new.late_min'),
        inputmode: 'numeric',
        css: 'input-short',
        maxlength: 3,
      }),
      field({
        name: 'from_time',
        type: 'time',
        label: t('disruptions.new.from_time'),
        hint: t('disruptions.new.from_time_hint'),
        required: false,
        css: 'input-short',
      }),
    ],
    dates: [
      field({ name: 'from_date', type: 'date', label: t('disruptions.new.from_date'), min: today, css: 'input-date' }),
      field({
        name: 'to_date',
        type: 'date',
        label: t('disruptions.new.to_date'),
        min: today,
        required: false,
        css: 'input-date',
      }),
    ],
    then: field({
      name: 'then',
      type: 'select',
      label: t('disruptions.new.then'),
      hint: t('disruptions.new.then_hint'),
      options: [
        { value: 'move', label: t(gone ? 'disruptions.new.then_move_gone' : 'disruptions.new.then_move') },
        ...doctors.map(({ id, name }) => ({ value: id, label: t('disruptions.new.then_hand', { doctor: name }) })),
        { value: 'cancel', label: t('disruptions.new.then_cancel') },
      ],
    }),
  })
}

export type PreviewState = {
  declaration: Declaration
  plan: Plan
  /** What the page before showed, when it was sent: each visit's choice and version. */
  seen: { choices: ReadonlyMap<AppointmentId, Choice>; versions: ReadonlyMap<AppointmentId, number> } | undefined
  /** Confirmed, and not done: what was shown is no longer so. */
  changed: boolean
}

/** Everything that would happen, visit by visit, with the words each patient would read. */
export async function previewPage(
  ctx: Ctx,
  speaker: Speaker,
  speakers: Services['speakers'],
  { declaration, plan, seen, changed }: PreviewState,
): Promise<View> {
  const { t } = speaker
  const settings = await getSettings(ctx)
  const rows = plan.visits.map((planned) => rowOf(ctx, speaker, speakers, settings, planned, seen))
  const told = rows.filter(({ news }) => news !== undefined).length
  const moved = plan.visits.filter(({ rearrangement }) => rearrangement !== undefined).length
  const present = new Set(plan.visits.map(({ visit }) => visit.id))
  const gone = seen ? [...seen.versions.keys()].filter((id) => !present.has(id)).length : 0
  const marked = gone > 0 || rows.some(({ mark }) => mark !== undefined)
  return view('disruptions/preview', {
    title: titleOf(ctx, speaker, settings, declaration),
    scripts: ['/js/booking.js'],
    back: `/app/${ctx.clinic.slug}/disruptions/new`,
    action: `/app/${ctx.clinic.slug}/disruptions/new`,
    cancelHref: `/app/${ctx.clinic.slug}/today`,
    declared: declarationText(declaration),
    shown: plan.digest,
    changed: changed ? t(marked ? 'disruptions.preview.changed' : 'disruptions.preview.chosen') : undefined,
    gone: gone === 0 ? undefined : t('disruptions.preview.gone', { count: gone }),
    rows,
    here: plan.here.map((visit) => ({ name: nameOf(speaker, visit), time: speaker.time(visit.startsAt) })),
    letGo: plan.letGo.length === 0 ? undefined : t('disruptions.preview.let_go', { count: plan.letGo.length }),
    summary: [
      t('disruptions.preview.changes', { count: moved }),
      t('disruptions.preview.told', { count: told }),
    ],
    confirm: told === 0 ? t('disruptions.preview.confirm_nobody') : t('disruptions.preview.confirm', { count: told }),
  })
} // prettier-ignore

type Row = {
  id: AppointmentId
  href: string
  name: string
  was: string
  what: string
  becomes: string
  css: string
  icon: string
  afterHours: boolean
  roomless: boolean
  lost: boolean
  noRoom: string | undefined
  mark: string | undefined
  select: { name: string; value: string; label: string; options: { value: string; label: string }[] }
  news: { text: string; lang: string; dir: string; language: string; leaves: string } | undefined
  silence: string | undefined
}

function rowOf(
  ctx: Ctx,
  speaker: Speaker,
  speakers: Services['speakers'],
  settings: DiarySettings,
  planned: PlannedVisit,
  seen: PreviewState['seen'],
): Row {
  const { t } = speaker
  const { visit, choice, options, rearrangement, news } = planned
  const name = nameOf(speaker, visit)
  const stands = { ...visit, ...rearrangement?.to }
  const place = settings.locations.find(({ id }) => id === stands.locationId)
  const told = typeof news === 'string' ? undefined : news
  const version = seen?.versions.get(visit.id)
  const before = seen?.choices.get(visit.id)
  // How far somebody moves along follows from what was chosen for others: that is no news.
  const differs = version !== visit.version || (before !== undefined && before.what !== choice.what)
  const mark = !seen ? undefined : version === undefined ? 'new' : differs || planned.lost ? 'changed' : undefined
  return {
    id: visit.id,
    href: `/app/${ctx.clinic.slug}/appointments/${visit.id}`,
    name,
    was: speaker.dateTime(visit.startsAt),
    what: visit.serviceName,
    becomes: wordsOf(speaker, settings, visit, choice),
    ...lookOf(choice, rearrangement !== undefined),
    afterHours: planned.afterHours,
    roomless: planned.roomless,
    lost: planned.lost,
    noRoom:
      planned.noRoomWith &&
      t('disruptions.preview.no_room', { doctor: isolated(doctorOf(settings, planned.noRoomWith)) }),
    mark: mark && t(`disruptions.preview.mark_${mark}`),
    select: {
      name: `v_${visit.id}_${visit.version}`,
      value: choiceText(choice),
      label: t('disruptions.preview.choose', { name }),
      options: options.map((one) => ({
        value: choiceText(one),
        label: wordsOf(speaker, settings, visit, one),
      })),
    },
    news: told && {
      text: previewText(ctx, speakers, told.template, {
        language: visit.language,
        startsAt: stands.startsAt,
        practitionerName: doctorOf(settings, stands.practitionerId),
        locationName: place?.name ?? '',
        locationAddress: place?.address ?? '',
      }),
      lang: visit.language,
      dir: directionOf(visit.language),
      language: languageNames[visit.language],
      leaves: t('disruptions.preview.leaves', { when: speaker.dateTime(told.dueAt) }),
    },
    silence: typeof news === 'string' ? t(`disruptions.silence.${news}`) : undefined,
  }
}

function lookOf({ what }: Choice, changes: boolean): { css: string; icon: string } {
  if (what === 'cancel') return { css: 'is-off', icon: 'x' }
  if (!changes) return { css: 'is-kept', icon: 'check' }
  return { css: 'is-moved', icon: what === 'shift' ? 'clock-pause' : 'calendar-event' }
}

/** What a choice means for a visit, in words: the new time, and the doctor where that is another. */
function wordsOf(speaker: Speaker, settings: DiarySettings, visit: Appointment, choice: Choice): string {
  const { t } = speaker
  switch (choice.what) {
    case 'keep':
      return t('disruptions.choice.keep')
    case 'cancel':
      return t('disruptions.choice.cancel')
    case 'shift':
      return t('disruptions.choice.shift', { time: speaker.time(choice.to) })
    case 'move': {
      if (choice.practitionerId === visit.practitionerId) return speaker.dateTime(choice.startsAt)
      const doctor = doctorOf(settings, choice.practitionerId)
      const same = choice.startsAt.equals(visit.startsAt)
      return t(same ? 'disruptions.choice.hand' : 'disruptions.choice.hand_at', {
        doctor: isolated(doctor),
        when: speaker.dateTime(choice.startsAt),
      })
    }
  }
}

const doctorOf = ({ practitioners }: DiarySettings, doctor: PractitionerId): string =>
  practitioners.find(({ id }) => id === doctor)?.name ?? ''

function nameOf({ t }: Speaker, visit: Pick<Appointment, 'patientName' | 'hidden'>): string {
  return visit.patientName ?? t(visit.hidden ? 'desk.card.restricted' : 'desk.card.erased')
}

function titleOf(ctx: Ctx, speaker: Speaker, settings: DiarySettings, declared: Declaration): string {
  const { kind, practitionerId, locationId, from, to } = declared
  const found = practitionerId
    ? settings.practitioners.find(({ id }) => id === practitionerId)
    : settings.locations.find(({ id }) => id === locationId)
  return sentenceOf(ctx, speaker, { kind, who: found?.name ?? '', startsAt: from, endsAt: to })
}
