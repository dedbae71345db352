import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { directionOf, languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { AnnouncementId } from '../../../platform/noticeboard.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import {
  countReached,
  findAnnouncement,
  listAnnouncements,
  listCountries,
  type Announcement,
  type Wording,
} from '../../announcements/queries.ts'
import { editable, stageOf, withdrawable, type Stage } from '../../announcements/rules.ts'
import { listPlans } from '../../subscription/queries/plans.ts'
import { lookAt, momentText, placeAt } from '../rules/operations.ts'
import { pageOf, withQuery } from '../rules/paging.ts'
import { countryName, type Pill } from './words.ts'

const pageSize = 30

const stageLooks: Record<Stage, { css: string; icon: string }> = {
  draft: { css: '', icon: 'edit' },
  scheduled: { css: 'pill-info', icon: 'clock' },
  running: { css: 'pill-success', icon: 'bell' },
  over: { css: '', icon: 'check' },
  withdrawn: { css: 'pill-danger', icon: 'bell-off' },
}

const stagePill = ({ t }: Speaker, stage: Stage): Pill => ({
  ...stageLooks[stage],
  word: t(`announcements.stage.${stage}`),
})

type Parts = Pick<Services, 'db' | 'clock'>

export async function announcementsPage(
  { db, clock }: Parts,
  speaker: Speaker,
  after: string | undefined,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const { look, before } = lookAt<'announcement'>(after)
  const found = await listAnnouncements(db, before, pageSize + 1)
  const { shown, next } = pageOf(found, pageSize, look, ({ id, createdAt }) => placeAt(createdAt, id))
  return view('console/announcements', {
    title: t('announcements.list.title'),
    announcements: shown.map((one) => ({
      href: `/admin/announcements/${one.id}`,
      title: one.titles[speaker.lang],
      stage: stagePill(speaker, stageOf(one, now)),
      where: [one.banner ? t('announcements.list.banner') : '', one.email ? t('announcements.list.email') : ''].filter(
        (word) => word !== '',
      ),
      from: speaker.dateTime(one.startsAt),
      until: one.endsAt ? speaker.dateTime(one.endsAt) : t('announcements.list.open_end'),
      mails: mailsOf(speaker, one, stageOf(one, now)),
    })),
    pagination: next === undefined ? {} : { next: withQuery('/admin/announcements', { after: next }) },
  })
}

function mailsOf({ t }: Speaker, one: Announcement, stage: Stage): string {
  if (!one.email) return t('announcements.list.none')
  const count = t('announcements.list.mailed', { count: one.mails })
  return stage === 'running' && one.mailingDoneAt === null ? `${count} · ${t('announcements.list.sending')}` : count
}

/** The form to write one, or to change one that has not begun; of one that has, what it says and how far it came. */
export async function announcementPage(
  { db, clock }: Parts,
  speaker: Speaker,
  id: AnnouncementId | undefined,
  form?: Form,
  preview?: Wording,
): Promise<View> {
  const { t, lang } = speaker
  const now = clock.now()
  const one = id === undefined ? undefined : ((await findAnnouncement(db, id)) ?? notFound('announcement'))
  const stage = one && stageOf(one, now)
  const shown = preview ?? one
  const [plans, countries, reach] = await Promise.all([
    listPlans(db),
    listCountries(db),
    shown === undefined ? undefined : countReached(db, shown),
  ])
  const filled = form ?? (one ? filledForm(valuesOf(one)) : emptyForm)
  const country = countryName(speaker)
  const field = (name: string, label: string, more: Record<string, unknown> = {}) => ({
    name,
    label,
    value: filled.values[name] ?? '',
    error: filled.errors[name],
    ...more,
  })
  const boxes = (name: string, label: string, options: { value: string; label: string }[]) =>
    field(name, label, { type: 'checkboxes', value: (filled.values[name] ?? '').split(' '), options })
  const check = (name: string) => field(name, t(`announcements.edit.${name}`), { type: 'checkbox' })
  const path = id === undefined ? '/admin/announcements/new' : `/admin/announcements/${id}`
  return view('console/announcement', {
    title: t(id === undefined ? 'announcements.edit.new' : 'announcements.edit.title'),
    scripts: ['/js/error-summary.js'],
    form: filled,
    action: path,
    stage: stage && stagePill(speaker, stage),
    editable: stage === undefined || editable(stage),
    withdraw:
      stage !== undefined && withdrawable(stage)
        ? {
            action: `${path}/withdrawal`,
            label: t(editable(stage) ? 'announcements.edit.withdraw' : 'announcements.edit.take_down'),
          }
        : undefined,
    mails: one && stage && one.email ? mailsOf(speaker, one, stage) : undefined,
    reach: reach && {
      clinics: t('announcements.reach.clinics', { count: reach.clinics }),
      owners: shown?.email
        ? t('announcements.reach.owners', {
            count: shown.operational ? reach.owners : reach.owners - reach.optedOut,
          })
        : undefined,
      optedOut:
        shown?.email && reach.optedOut > 0 ? t('announcements.edit.opted_out', { number: reach.optedOut }) : undefined,
    },
    preview:
      shown &&
      languages.map((each) => ({
        lang: each,
        dir: directionOf(each),
        language: languageNames[each],
        tone: shown.tone,
        icon: shown.tone === 'warning' ? 'alert-triangle' : 'bell',
        title: shown.titles[each],
        text: shown.texts[each],
      })),
    words: languages.map((each) => [
      field(`title_${each}`, t('announcements.edit.title_in', { language: languageNames[each] }), {
        maxlength: 120,
        dir: directionOf(each),
      }),
      field(`text_${each}`, t('announcements.edit.text_in', { language: languageNames[each] }), {
        type: 'textarea',
        rows: 3,
      }),
    ]),
    how: [
      field('tone', t('announcements.edit.tone'), {
        type: 'select',
        options: ['info', 'warning'].map((tone) => ({ value: tone, label: t(`announcements.edit.tone_${tone}`) })),
      }),
      check('banner'),
      check('email'),
      check('operational'),
    ],
    who: [
      boxes(
        'plans',
        t('announcements.edit.plans'),
        plans.map(({ code, names }) => ({ value: code, label: names[lang] })),
      ),
      boxes(
        'countries',
        t('announcements.edit.countries'),
        countries.map((each) => ({
          value: each.country,
          label: `${country(each.country)} (${speaker.number(each.clinics)})`,
        })),
      ),
      boxes(
        'languages',
        t('announcements.edit.languages'),
        languages.map((each) => ({ value: each, label: languageNames[each] })),
      ),
    ],
    when: [
      field('starts', t('announcements.edit.starts'), { type: 'datetime-local', dir: 'ltr' }),
      field('ends', t('announcements.edit.ends'), {
        type: 'datetime-local',
        dir: 'ltr',
        required: false,
        hint: t('announcements.edit.ends_hint'),
      }),
    ],
  })
}

function valuesOf(one: Announcement): Record<string, string> {
  const yes = (on: boolean) => (on ? 'yes' : '')
  return {
    ...Object.fromEntries(languages.flatMap((each) => [[`title_${each}`, one.titles[each]], [`text_${each}`, one.texts[each]]])), // prettier-ignore
    tone: one.tone,
    banner: yes(one.banner),
    email: yes(one.email),
    operational: yes(one.operational),
    plans: one.plans.join(' '),
    countries: one.countries.join(' '),
    languages: one.languages.join(' '),
    starts: momentText(one.startsAt),
    ends: momentText(one.endsAt),
  }
}
