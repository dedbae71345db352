import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { clockOf } from '../../requests/rules.ts'
import type { RequestState, RightKind, RightsRequest } from '../rules.ts'

export type Pill = { css: string; icon: string; word: string }

export const home = '/settings/privacy/requests'
export const at = (ctx: Ctx, below: string) => `/app/${ctx.clinic.slug}${below}`

export const kindIcons: Record<RightKind, string> = {
  access: 'file-text',
  correction: 'edit',
  erasure: 'trash',
  restriction: 'lock',
  objection: 'ban',
  withdrawal: 'bell-off',
  portability: 'download',
}

/** How much time is left, red once there is none. */
export function clockPill({ t }: Speaker, request: RightsRequest, now: Ctx['now']): Pill | undefined {
  if (request.state === 'withdrawn') return undefined
  const clock = clockOf(request, now)
  const left = () => t('rights.clock.left', { count: clock.daysLeft })
  switch (clock.state) {
    case 'running':
      return { css: 'pill-success', icon: 'clock', word: left() }
    case 'escalated':
      return { css: 'pill-danger', icon: 'alert-triangle', word: left() }
    case 'overdue':
      return { css: 'pill-danger', icon: 'alert-triangle', word: t('rights.clock.late', { count: -clock.daysLeft }) }
    case 'stopped':
      return clock.daysLeft > 0
        ? { css: '', icon: 'check', word: t('rights.clock.in_time') }
        : { css: 'pill-danger', icon: 'x', word: t('rights.clock.too_late') }
  }
}

const looks: Record<RequestState, { css: string; icon: string }> = {
  received: { css: 'pill-info', icon: 'mail' },
  identity_proven: { css: 'pill-accent', icon: 'user-check' },
  decided: { css: '', icon: 'check' },
  withdrawn: { css: '', icon: 'x' },
}

export function statePill({ t }: Speaker, { state, outcome }: RightsRequest): Pill {
  return { ...looks[state], word: t(outcome === null ? `rights.state.${state}` : `rights.outcome.${outcome}`) }
}
