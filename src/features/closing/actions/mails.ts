import type { ClinicId } from '../../../kernel/ids.ts'
import type { Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { queueMail } from '../../../platform/mails.ts'
import { listOwners } from '../../../platform/owners.ts'
import type { PlatformSeal } from '../../../platform/seal/key-ring.ts'
import type { Services } from '../../../platform/services.ts'

export type ClosingNews = 'asked' | 'undone' | 'tomorrow' | 'done'

/** Writes to every owner of the clinic, each in their language, in the transaction of what is told. */
export async function tellOwners(
  db: Parameters<typeof queueMail>[0],
  { speakers, config }: Pick<Services, 'speakers' | 'config'>,
  about: {
    seal: PlatformSeal
    clinic: { id: ClinicId; slug: string; name: string; country: string; zone: string }
    now: Instant
  },
  news: ClosingNews,
  facts: (speaker: Speaker) => Record<string, string>,
): Promise<void> {
  const { clinic, seal, now } = about
  for (const { name, email, language } of await listOwners(db, clinic.id)) {
    const speaker = speakers(language, clinic)
    const words = {
      name,
      clinic: clinic.name,
      link: `${config.baseUrl}/app/${clinic.slug}/settings/privacy/closing`,
      ...facts(speaker),
    }
    await queueMail(db, seal, {
      kind: `closing_${news}`,
      to: email,
      subject: speaker.t(`closing.mail.${news}.subject`, words),
      text: speaker.t(`closing.mail.${news}.text`, words),
      now,
      clinicId: clinic.id,
    })
  }
}
