import { emptyForm, type Form } from '../../kernel/forms.ts'
import { Temporal, type Instant } from '../../kernel/time.ts'
import type { Clinic, Ctx } from '../../platform/clinic-scope.ts'
import type { Speaker } from '../../platform/i18n/speaker.ts'
import { view, type View } from '../../platform/web/views.ts'
import { listNextFree } from '../availability/actions.ts'
import type { DiarySettings } from '../clinics/queries.ts'
import { initialsOf } from '../clinics/rules.ts'
import { settingsMenu } from '../clinics/rules/settings.ts'
import { findSites } from './queries.ts'
import { snippetFor } from './rules.ts'

export const path = '/settings/embed'
const lookAhead = 30

type Place = { clinic: Clinic; speaker: Speaker; url: (path: string) => string }

/**
 * Who is free when, for a frame on another site. Nothing in it needs a cookie, which a browser would keep from a frame of
 * another site: every link opens the booking page itself, in a tab of its own.
 */
export async function framePage(
  ctx: Ctx,
  { clinic, speaker, url }: Place,
  settings: DiarySettings,
  { open, sites }: { open: boolean; sites: readonly string[] },
): Promise<View> {
  const home = `/c/${clinic.slug}`
  const next = open ? (await listNextFree(ctx, lookAhead)).doctors : []
  return view('embed/frame', {
    title: speaker.t('embed.frame.title', { name: clinic.name }),
    accent: clinic.accent,
    clinic: clinic.name,
    sites: sites.join(' '),
    open,
    home: url(home),
    times: url(`${home}/times`),
    doctors: next.map(({ practitionerId, slot }) => {
      const doctor = settings.practitioners.find(({ id }) => id === practitionerId)
      const at: Instant | undefined = slot && Temporal.Instant.fromEpochMilliseconds(slot.startsAt)
      return {
        name: doctor?.name ?? '',
        title: doctor?.title ?? undefined,
        initials: initialsOf(doctor?.name ?? ''),
        next: at && speaker.dateTime(at),
        href: url(`${home}/times?practitioner=${practitionerId}`),
      }
    }),
  })
}

export async function embedPage(ctx: Ctx, speaker: Speaker, baseUrl: string, form: Form = emptyForm): Promise<View> {
  const { t } = speaker
  const sites = await findSites(ctx)
  const at = (below: string) => `/app/${ctx.clinic.slug}${below}`
  return view('embed/settings', {
    title: t('embed.title'),
    menu: settingsMenu(ctx, speaker, 'embed'),
    form,
    action: at(path),
    snippet: snippetFor(baseUrl, `/c/${ctx.clinic.slug}/embed`, ctx.clinic.name),
    preview: `/c/${ctx.clinic.slug}/embed`,
    allowed: sites.length > 0,
    field: {
      name: 'sites',
      type: 'textarea',
      rows: 3,
      label: t('embed.field.sites'),
      hint: t('embed.field.sites_hint'),
      value: form.values.sites ?? sites.join('\n'),
      error: form.errors.sites,
      required: false,
      dir: 'ltr',
    },
    scripts: ['/js/error-summary.js', '/js/copy.js'],
  })
}
