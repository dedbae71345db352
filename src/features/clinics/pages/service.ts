// The form of one service: what most need first, what few need folded away.
import { filledForm, type Form } from '../../../kernel/forms.ts'
import type { ServiceId } from '../../../kernel/ids.ts'
import { moneyText } from '../../../kernel/money.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, isolated, type Field, type FieldGroup } from '../pages.ts'
import { getDiarySettings, type DiarySettings, type Practitioner, type Service } from '../queries.ts'
import { noticeChoices } from '../rules.ts'
import { mostQuestions, ownFields, questionFields, questionKinds, visitTypes } from '../rules/services.ts'
import { settingsMenu } from '../rules/settings.ts'
import { noticeText } from './profile.ts'

export async function servicePage(ctx: Ctx, speaker: Speaker, id: ServiceId | undefined, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const service = settings.services.find((one) => one.id === id)
  if (id !== undefined && !service) return notFound('service')
  const doctors = settings.practitioners.filter((doctor) => doctor.active)
  const form = refused ?? filledForm(valuesOf(settings, service, doctors))
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
      basics(draw),
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

type Draw = { ctx: Ctx; speaker: Speaker; form: Form; field: (field: Field) => Field }

const number = { inputmode: 'numeric', dir: 'ltr', css: 'input-short' }
const money = { inputmode: 'decimal', dir: 'ltr', required: false }

function valuesOf(settings: DiarySettings, service: Service | undefined, doctors: readonly Practitioner[]) {
  const price = (minor: number | null | undefined) =>
    minor == null || !service ? '' : moneyText({ minor, currency: service.currency })
  const text = (value: number | null | undefined) => (value == null ? '' : String(value))
  const offers = settings.offers.filter((offer) => offer.serviceId === service?.id)
  const needs = settings.serviceResources.filter((one) => one.serviceId === service?.id)
  return {
    name: service?.name ?? '',
    minutes: String(service?.durationMin ?? 30),
    price: price(service?.priceMinor),
    before: String(service?.bufferBeforeMin ?? 0),
    after: String(service?.bufferAfterMin ?? 0),
    capacity: String(service?.capacity ?? 1),
    online: (service?.online ?? true) ? 'yes' : '',
    visit_type: service?.visitType ?? 'examination',
    follow_up_days: text(service?.followUpDays),
    follow_up_price: price(service?.followUpPriceMinor),
    notice: text(service?.minNoticeMin),
    horizon: text(service?.horizonDays),
    same_day: service?.sameDay == null ? '' : service.sameDay ? 'yes' : 'no',
    new_only: service?.newOnly === true ? 'yes' : '',
    doctors: (service ? offers.map((offer) => offer.practitionerId) : doctors.map(({ id }) => id)).join(' '),
    ...Object.fromEntries(
      offers.flatMap((offer) => {
        const fields = ownFields(offer.practitionerId)
        return [
          [fields.minutes, text(offer.durationMin)],
          [fields.price, price(offer.priceMinor)],
        ]
      }),
    ),
    ...tickedNeeds(settings, needs),
    ...Object.fromEntries(
      settings.questions
        .filter((question) => question.serviceId === service?.id)
        .flatMap((question, index) => {
          const fields = questionFields(index + 1)
          return [
            [fields.label, question.label],
            [fields.kind, question.kind],
            [fields.choices, question.choices.join('\n')],
            [fields.required, question.required ? 'yes' : ''],
          ]
        }),
    ),
  }
}

/** Rooms are one need; equipment is one, or two where two different machines are needed. */
function tickedNeeds({ resources }: DiarySettings, needs: DiarySettings['serviceResources']) {
  const kindOf = (id: string) => resources.find((one) => one.id === id)?.kind
  const ofKind = (kind: 'room' | 'equipment') => needs.filter(({ resourceId }) => kindOf(resourceId) === kind)
  const equipment = ofKind('equipment')
  const first = equipment[0]?.need
  const ids = (some: typeof needs) => some.map(({ resourceId }) => resourceId).join(' ')
  return {
    rooms: ids(ofKind('room')),
    equipment: ids(equipment.filter(({ need }) => need === first)),
    more_equipment: ids(equipment.filter(({ need }) => need !== first)),
  }
}

function basics({ ctx, speaker: { t }, form, field }: Draw): FieldGroup {
  const followUp = form.values.visit_type === 'follow_up'
  return {
    title: t('clinics.services.basics'),
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
          ...money,
          name: 'price',
          label: t('clinics.services.price'),
          hint: t('clinics.services.price_hint'),
          prefix: ctx.clinic.currency,
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
    ],
    folds: [
      {
        title: t('clinics.services.follow_up'),
        open: followUp || anyError(form, ['visit_type', 'follow_up_days', 'follow_up_price']),
        text: t('clinics.services.follow_up_text'),
        rows: [
          [
            field({
              name: 'visit_type',
              type: 'radio',
              label: t('clinics.services.type'),
              options: visitTypes.map((type) => ({ value: type, label: t(`clinics.services.type_${type}`) })),
            }),
          ],
          [
            field({
              ...number,
              name: 'follow_up_days',
              label: t('clinics.services.follow_up_days'),
              hint: t('clinics.services.follow_up_days_hint'),
              suffix: t('clinics.unit.days'),
            }),
            field({
              ...money,
              name: 'follow_up_price',
              label: t('clinics.services.follow_up_price'),
              hint: t('clinics.services.follow_up_price_hint'),
              prefix: ctx.clinic.currency,
            }),
          ],
        ],
      },
    ],
  }
}

const anyError = ({ errors }: Form, names: readonly string[]) => names.some((name) => errors[name] !== undefined)

function doctorsGroup({ ctx, speaker: { t }, form, field }: Draw, doctors: readonly Practitioner[]): FieldGroup {
  const title = t('clinics.services.doctors_prices')
  if (doctors.length === 0) {
    const link = { href: at(ctx, '/settings/doctors/new'), label: t('clinics.doctors.add') }
    return { title, text: t('clinics.services.no_doctors'), link, rows: [] }
  }
  const own = doctors.flatMap(({ id }) => Object.values(ownFields(id)))
  return {
    title,
    rows: [
      [
        field({
          name: 'doctors',
          type: 'checkboxes',
          label: t('clinics.services.doctors'),
          options: doctors.map((doctor) => ({ value: doctor.id, label: doctor.name })),
        }),
      ],
    ],
    folds: [
      {
        title: t('clinics.services.own'),
        open: own.some((name) => (form.values[name] ?? '') !== '') || anyError(form, own),
        text: t('clinics.services.own_text'),
        rows: doctors.map(({ id, name }) => [
          field({
            ...number,
            name: ownFields(id).minutes,
            label: t('clinics.services.own_minutes', { name: isolated(name) }),
            required: false,
            suffix: t('clinics.unit.min'),
          }),
          field({
            ...money,
            name: ownFields(id).price,
            label: t('clinics.services.own_price', { name: isolated(name) }),
            prefix: ctx.clinic.currency,
          }),
        ]),
      },
    ],
  }
}

function rulesGroup({ speaker, form, field }: Draw): FieldGroup {
  const { t } = speaker
  const own = ['notice', 'horizon', 'same_day'] as const
  const typed = form.values.notice ?? ''
  const notices = [...noticeChoices.map(String), ...(typed === '' ? [] : [typed])]
  return {
    title: t('clinics.services.rules'),
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
      [
        field({
          name: 'new_only',
          type: 'checkbox',
          label: t('clinics.services.new_only'),
          hint: t('clinics.services.new_only_hint'),
        }),
      ],
    ],
    folds: [
      {
        title: t('clinics.services.own_rules'),
        open: own.some((name) => (form.values[name] ?? '') !== '') || anyError(form, own),
        text: t('clinics.services.own_rules_text'),
        rows: [
          [
            field({
              name: 'notice',
              type: 'select',
              label: t('clinics.rules.notice'),
              options: [
                { value: '', label: t('clinics.services.as_clinic') },
                ...[...new Set(notices)]
                  .map((value) => ({ value, minutes: Number(value) }))
                  .filter(({ minutes }) => Number.isInteger(minutes))
                  .sort((a, b) => a.minutes - b.minutes)
                  .map(({ value, minutes }) => ({ value, label: noticeText(speaker, minutes) })),
              ],
            }),
            field({
              ...number,
              name: 'horizon',
              label: t('clinics.rules.horizon'),
              required: false,
              suffix: t('clinics.unit.days'),
            }),
            field({
              name: 'same_day',
              type: 'select',
              label: t('clinics.services.same_day'),
              options: [
                { value: '', label: t('clinics.services.as_clinic') },
                { value: 'yes', label: t('clinics.services.same_day_yes') },
                { value: 'no', label: t('clinics.services.same_day_no') },
              ],
            }),
          ],
        ],
      },
    ],
  }
}

function roomsGroup({ ctx, speaker: { t }, form, field }: Draw, { resources, locations }: DiarySettings): FieldGroup {
  const title = t('clinics.services.rooms')
  const ticked = (name: string) => (form.values[name] ?? '').split(' ')
  const all = ['rooms', 'equipment', 'more_equipment'].flatMap(ticked)
  const usable = resources.filter(({ id, active }) => active || all.includes(id))
  const options = (kind: 'room' | 'equipment') =>
    usable
      .filter((one) => one.kind === kind)
      .map(({ id, name, locationId }) => {
        const place = locations.length > 1 ? locations.find((one) => one.id === locationId)?.name : undefined
        return { value: id, label: name, ...(place === undefined ? {} : { hint: place }) }
      })
  const [rooms, equipment] = [options('room'), options('equipment')]
  if (usable.length === 0) {
    const link = { href: at(ctx, '/settings/rooms/new'), label: t('clinics.rooms.add') }
    return { title, text: t('clinics.services.no_rooms'), link, rows: [] }
  }
  const ticks = (name: string, list: typeof rooms) => [
    field({ name, type: 'checkboxes', label: t(`clinics.services.need_${name}`), required: false, options: list }),
  ]
  return {
    title,
    text: t('clinics.services.rooms_text'),
    rows: [
      ...(rooms.length > 0 ? [ticks('rooms', rooms)] : []),
      ...(equipment.length > 0 ? [ticks('equipment', equipment)] : []),
    ],
    folds:
      equipment.length < 2
        ? []
        : [
            {
              title: t('clinics.services.two_machines'),
              open: (form.values.more_equipment ?? '') !== '',
              rows: [ticks('more_equipment', equipment)],
            },
          ],
  }
}

/** Those there are, and one more to be filled in. */
function questionsGroup({ speaker: { t }, form, field }: Draw): FieldGroup {
  const numbers = Array.from({ length: mostQuestions }, (_, index) => index + 1)
  const filled = numbers.filter((one) => (form.values[questionFields(one).label] ?? '').trim() !== '')
  const blank = numbers.find((one) => !filled.includes(one))
  return {
    title: t('clinics.services.questions'),
    text: t('clinics.services.questions_text', { count: mostQuestions }),
    rows: [],
    folds: [...filled, ...(blank === undefined ? [] : [blank])].map((one) => {
      const fields = questionFields(one)
      const label = form.values[fields.label]?.trim() ?? ''
      return {
        title: label === '' ? t('clinics.services.question_add') : label,
        open: anyError(form, Object.values(fields)),
        rows: [
          [
            field({
              name: fields.label,
              label: t('clinics.services.question'),
              hint: t('clinics.services.question_hint'),
              required: false,
              maxlength: 120,
              dir: 'auto',
            }),
          ],
          [
            field({
              name: fields.kind,
              type: 'select',
              label: t('clinics.services.question_kind'),
              options: questionKinds.map((kind) => ({ value: kind, label: t(`clinics.services.kind_${kind}`) })),
              css: 'input-medium',
            }),
          ],
          [
            field({
              name: fields.choices,
              type: 'textarea',
              rows: 3,
              label: t('clinics.services.question_choices'),
              hint: t('clinics.services.question_choices_hint'),
              required: false,
              maxlength: 1000,
            }),
          ],
          [field({ name: fields.required, type: 'checkbox', label: t('clinics.services.question_required') })],
        ],
      }
    }),
  }
}
