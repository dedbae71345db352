// What the card provider told that did not fit the books: nothing of it was entered, a person decides.
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listIncidents, type Incident } from '../../billing/queries/card.ts'
import { listClinicNames } from '../queries/clinics.ts'
import { tabsOf } from './payments.ts'
import { clinicHref } from './words.ts'

const shown = 100

export async function cardsPage({ db }: Pick<Services, 'db'>, speaker: Speaker): Promise<View> {
  const { t } = speaker
  const incidents = await listIncidents(db, shown)
  const names = await listClinicNames(
    db,
    incidents.flatMap(({ clinicId }) => (clinicId === null ? [] : [clinicId])),
  )
  const clinicOf = ({ clinicId }: Incident) => {
    const name = clinicId === null ? undefined : names.get(clinicId)?.name
    return clinicId === null || name === undefined
      ? { name: t('console.cards.no_clinic') }
      : { name, href: clinicHref(clinicId) }
  }
  return view('console/cards', {
    title: t('console.nav.payments'),
    tabs: tabsOf(speaker, 'cards'),
    count: t('console.cards.waiting', { count: incidents.length }),
    incidents: incidents.map((incident) => ({
      what: t(`console.cards.kind_${incident.kind}`),
      advice: t(`console.cards.advice_${incident.kind}`),
      clinic: clinicOf(incident),
      when: speaker.dateTime(incident.at),
      // Ids and amounts in minor units, as the provider's own dashboard names them.
      facts: Object.entries(incident.details).flatMap(([name, value]) =>
        value === null ? [] : [[name, String(value)]],
      ),
      settleAction: `/admin/payments/cards/${incident.id}/settled`,
    })),
  })
}
