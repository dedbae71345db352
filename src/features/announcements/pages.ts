// What a desk sees of announcements, and the page behind the link that stops news.
import type { Speaker } from '../../platform/i18n/speaker.ts'
import type { Services } from '../../platform/services.ts'
import type { Banner, DeskPlace } from '../../platform/web/routers.ts'
import { view, type View } from '../../platform/web/views.ts'
import type { NewsReader } from './queries.ts'

export function unsubscribePage({ t }: Speaker, token: string, { email, wantsNews }: NewsReader): View {
  return view('announcements/unsubscribe', {
    title: t(wantsNews ? 'announcements.unsubscribe.title' : 'announcements.unsubscribe.done'),
    email,
    wantsNews,
    action: `/unsubscribe/${token}`,
  })
}

/** At most so many at a time over a page that people work on. */
const atOnce = 2

/** What is announced to this clinic and was not put away by this person. */
export const announcementBanners =
  ({ noticeboard }: Pick<Services, 'noticeboard'>) =>
  ({ clinic, person, speaker, now, visit }: DeskPlace): Banner[] => {
    // Somebody on a support visit can press nothing, and is not who it is meant for.
    if (visit) return []
    return noticeboard
      .announcementsFor(clinic, now)
      .filter(({ id }) => !person.dismissed.includes(id))
      .slice(0, atOnce)
      .map(({ id, titles, texts, tone }) => ({
        kind: tone,
        icon: tone === 'warning' ? 'alert-triangle' : 'bell',
        title: titles[speaker.lang],
        text: texts[speaker.lang],
        form: {
          action: '/account/announcements/dismissal',
          pressed: { name: 'announcement', value: id },
          label: speaker.t('announcements.dismiss'),
          icon: 'check',
        },
      }))
  }
