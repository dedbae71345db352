import { parseInstant, type Instant } from '../../../kernel/time.ts'
import { nextRun } from '../../../platform/cron-times.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { listJobs, listRuns, type JobLine, type JobResult } from '../queries/jobs.ts'
import { durationOf, failingRuns } from '../rules/operations.ts'
import { pageOf, parseLook, withQuery } from '../rules/paging.ts'
import type { Pill } from './words.ts'

const runsShown = 50

const looks: Record<JobResult | 'running' | 'never' | 'asked', { css: string; icon: string }> = {
  done: { css: 'pill-success', icon: 'circle-check' },
  failed: { css: 'pill-danger', icon: 'alert-triangle' },
  killed: { css: 'pill-danger', icon: 'ban' },
  running: { css: 'pill-info', icon: 'refresh' },
  asked: { css: 'pill-info', icon: 'clock' },
  never: { css: '', icon: 'point' },
}

const pill = ({ t }: Speaker, name: keyof typeof looks): Pill => ({
  ...looks[name],
  word: t(`operations.result.${name}`),
})

const took = (speaker: Speaker, ms: number | null): string => {
  if (ms === null) return ''
  const { unit, value } = durationOf(ms)
  return speaker.t(`operations.took.${unit}`, { value: speaker.number(value) })
}

function stateOf(line: JobLine): keyof typeof looks {
  if (line.runningSince) return 'running'
  if (line.requestedAt) return 'asked'
  return line.lastResult ?? 'never'
}

export async function jobsPage(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  speaker: Speaker,
  query: { job?: string | undefined; after?: string | undefined; before?: string | undefined },
  error?: string,
): Promise<View> {
  const { t } = speaker
  const now = clock.now()
  const jobs = await listJobs(db)
  const chosen = jobs.find(({ name }) => name === query.job)
  const at = (instant: Instant | null | undefined) => (instant ? `${speaker.dateTime(instant)}` : '')
  const row = (line: JobLine) => ({
    name: line.name,
    schedule: line.schedule,
    href: withQuery('/admin/jobs', { job: line.name }),
    state: pill(speaker, stateOf(line)),
    error: [line.lastErrorName, line.lastErrorCode].filter(Boolean).join(' '),
    lastAt: at(line.lastStartedAt),
    took: took(speaker, line.lastMs),
    success: at(line.lastSuccessAt),
    next: at(nextRun(line.schedule, now)),
    runs: speaker.number(line.runs),
    failures: speaker.number(line.failures),
    failing:
      line.failuresInARow >= failingRuns ? t('operations.jobs.in_a_row', { count: line.failuresInARow }) : undefined,
  })
  return view('console/jobs', {
    title: chosen ? chosen.name : t('operations.jobs.title'),
    lead: t('operations.jobs.lead'),
    error: error === undefined ? undefined : t(error),
    jobs: chosen ? [row(chosen)] : jobs.map(row),
    history: chosen ? await historyOf(db, speaker, chosen.name, query) : undefined,
  })
}

async function historyOf(db: Services['db'], speaker: Speaker, job: string, query: { after?: string | undefined }) {
  const look = parseLook(query.after, undefined, (key) => parseInstant(key) !== undefined)
  const runs = await listRuns(db, job, look?.from, runsShown + 1)
  const { shown, next } = pageOf(runs, runsShown, look, ({ id, startedAt }) => ({ id, key: startedAt.toString() }))
  return {
    runs: shown.map((run) => ({
      at: speaker.dateTime(run.startedAt),
      took: took(speaker, run.durationMs),
      result: pill(speaker, run.result ?? 'running'),
      error: [run.errorName, run.errorCode].filter(Boolean).join(' '),
      how: speaker.t(run.requested ? 'operations.jobs.asked' : 'operations.jobs.by_clock'),
      host: run.host ?? '',
    })),
    pagination: next === undefined ? {} : { next: withQuery('/admin/jobs', { job, after: next }) },
  }
}
