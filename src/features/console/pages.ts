import type { ClinicId } from '../../kernel/ids.ts'
import type { Database } from '../../platform/db/connect.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { listClinics } from './queries.ts'

const pageSize = 50

export async function consolePage(db: Database, speaker: Speaker, before: ClinicId | undefined): Promise<View> {
  const { t } = speaker
  const found = await listClinics(db, before, pageSize + 1)
  const shown = found.slice(0, pageSize)
  const last = shown.at(-1)
  return view('console/clinics', {
    title: t('console.clinics.title'),
    clinics: shown.map(({ name, slug, city, country, status, createdAt }) => ({
      name,
      place: `${city}, ${country}`,
      href: `/c/${slug}`,
      status: t(`console.status.${status}`),
      active: status === 'active',
      since: speaker.date(createdAt),
    })),
    older: found.length > pageSize && last ? `/admin?before=${last.id}` : undefined,
  })
}
