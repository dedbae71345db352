import { Temporal, type Instant } from '../../../kernel/time.ts'
import type { View } from '../../../platform/web/views.ts'
import { statusDays, type StatusLine } from '../../../platform/status.ts'
import { barsOf, shareFine, type Bar } from '../rules/status.ts'
import { sitePage, type Scene } from './frame.ts'

const shown = ['website', 'database', 'whatsapp', 'mail', 'jobs', 'backup'] as const

/** `lines` undefined: the database did not answer, which is then all we know. */
export function statusPage(scene: Scene, lines: StatusLine[] | undefined, now: Instant): View {
  const { speaker } = scene
  const { t } = speaker
  const checks = lines === undefined ? [] : shown.map((name) => checkLine(scene, name, lines, now))
  const overall = overallOf(lines)
  return sitePage('site/status', scene, {
    title: t('site.status.title'),
    description: t('site.status.description'),
    overall: {
      state: overall,
      title: t(`site.status.overall.${overall}.title`),
      text: t(`site.status.overall.${overall}.text`),
    },
    checks,
    at: `${speaker.dateTime(now)} UTC`,
  })
}

function overallOf(lines: StatusLine[] | undefined) {
  if (lines === undefined) return 'unreachable'
  // A late backup is ours to mend and shown below; nobody outside notices it.
  const fresh = lines.filter((line) => line.fresh && line.name !== 'backup')
  if (fresh.some(({ state }) => state === 'down')) return 'down'
  if (fresh.some(({ state }) => state === 'degraded')) return 'degraded'
  return fresh.length === 0 ? 'unknown' : 'ok'
}

function checkLine({ speaker }: Scene, name: (typeof shown)[number], lines: StatusLine[], now: Instant) {
  const { t } = speaker
  const line = lines.find((one) => one.name === name)
  // The list itself came out of the database a moment ago.
  const alive = name === 'database' && line === undefined
  const state = alive ? 'ok' : line?.fresh ? line.state : 'unknown'
  const fine = line && shareFine(line.hours)
  return {
    name: t(`site.status.check.${name}.name`),
    about: t(`site.status.check.${name}.about`),
    state,
    word: t(`site.status.state.${state}`),
    share:
      fine === undefined
        ? undefined
        : t('site.status.share', { percent: speaker.number(fine / 100), days: statusDays }),
    rows:
      line === undefined
        ? []
        : [
            rowOf(speaker, 'day', barsOf(line.hours, now.epochMilliseconds, 24, 1)),
            rowOf(speaker, 'month', barsOf(line.hours, now.epochMilliseconds, statusDays, 24)),
          ],
  }
}

function rowOf(speaker: Scene['speaker'], span: 'day' | 'month', bars: Bar[]) {
  const { t } = speaker
  const count = (state: Bar['state']) => bars.filter((bar) => bar.state === state).length
  const from = (bar: Bar) => Temporal.Instant.fromEpochMilliseconds(bar.from)
  return {
    label: t(`site.status.${span}.label`),
    summary: t(`site.status.${span}.summary`, {
      ok: count('ok'),
      degraded: count('degraded'),
      down: count('down'),
      unknown: count('unknown'),
    }),
    bars: bars.map((bar, index) => ({
      state: bar.state,
      x: index * 8,
      title: `${span === 'day' ? speaker.time(from(bar)) : speaker.date(from(bar))}: ${t(`site.status.state.${bar.state}`)}`,
    })),
    width: bars.length * 8 - 2,
  }
}
