import type { Form } from '../../../kernel/forms.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { getWaitlistSettings } from '../queries/settings.ts'
import { mostOffers, offerMinutes } from '../rules.ts'
import { fieldIn } from '../rules/words.ts'
import { at } from './frame.ts'

/** Whether there is a list, how many are asked at once, and for how long. */
export async function settingsPage(ctx: Ctx, speaker: Speaker, refused?: Form): Promise<View> {
  const { t } = speaker
  const { on, most, minutes } = await getWaitlistSettings(ctx)
  const form = refused ?? {
    values: { on: on ? 'yes' : '', most: String(most), minutes: String(minutes) },
    errors: {},
  }
  const field = fieldIn(form)
  const short = { inputmode: 'numeric', dir: 'ltr', css: 'input-short' }
  return view('clinics/edit', {
    title: t('waitlist.settings.title'),
    lead: t('waitlist.settings.lead'),
    scripts: ['/js/error-summary.js'],
    menu: settingsMenu(ctx, speaker, 'waiting'),
    form,
    action: at(ctx, '/settings/waiting-list'),
    submit: t('waitlist.settings.submit'),
    groups: [
      {
        rows: [
          [field({ name: 'on', type: 'checkbox', label: t('waitlist.settings.on'), hint: t('waitlist.settings.on_hint') })],
          [
            field({ name: 'most', label: t('waitlist.settings.most'), hint: t('waitlist.settings.most_hint'), min: mostOffers.min, max: mostOffers.max, ...short }),
            field({ name: 'minutes', label: t('waitlist.settings.minutes'), hint: t('waitlist.settings.minutes_hint'), min: offerMinutes.min, max: offerMinutes.max, ...short }),
          ],
        ],
      },
    ],
    more: { href: at(ctx, '/waiting-list'), label: t('waitlist.desk.title') },
  })
} // prettier-ignore
