// What the form of a service is filled with: as it stands, or as most services are.
import { moneyText } from '../../../../kernel/money.ts'
import type { DiarySettings, Practitioner, Service } from '../../queries.ts'
import { ownFields, questionFields } from '../../rules/services.ts'

export function serviceValues(settings: DiarySettings, service: Service | undefined, doctors: readonly Practitioner[]) {
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
