import { allowed, type Permission } from '../../../kernel/permissions.ts'
import { dateAt } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { Appointment } from '../../appointments/queries.ts'
import { canTake, mayMiss, movable, resizable, type Step } from '../../appointments/rules.ts'
import { dayKind, mainStep, stepPaths } from '../rules.ts'

type StepButton = { step: Step; action: string; icon: string; label: string }
/** What can be done to a visit now, by the person who looks at it. */
export type VisitActions = {
  main: StepButton | undefined
  steps: StepButton[]
  move: string | undefined
  length: string | undefined
  cancel: string | undefined
  undo: string | undefined
  any: boolean
  /** Whether this person may read what the patient was told. */
  messages: boolean
}

const icons: Record<Step, string> = {
  arrive: 'walk',
  enter: 'door-enter',
  finish: 'circle-check',
  miss: 'user-x',
  cancel: 'x',
}

export const readsMessages = ({ actor }: Ctx): boolean =>
  (actor.kind === 'user' && allowed(actor.role, 'messages.see')) ||
  (actor.kind === 'support' && allowed('support', 'messages.see'))

export function actionsOf(ctx: Ctx, { t }: Speaker, visit: Appointment): VisitActions {
  const { zone } = ctx.clinic
  const day = dayKind(dateAt(visit.startsAt, zone), dateAt(ctx.now, zone))
  const main = mainStep(visit.status, day)
  const can = (permission: Permission) => ctx.actor.kind === 'user' && allowed(ctx.actor.role, permission)
  const base = `/app/${ctx.clinic.slug}/appointments/${visit.id}`
  const button = (step: Step): StepButton => ({
    step,
    action: `${base}/${stepPaths[step]}`,
    icon: icons[step],
    label: t(`desk.step.${step}`),
  })
  const possible = (step: Step) =>
    canTake(step, visit.status) && (step !== 'miss' || mayMiss(visit, ctx.now)) && visit.status !== 'pending'
  const run = can('appointments.run') && day !== 'future'
  const mayMove = can('appointments.move')
  const mainButton = main !== undefined && run && possible(main) ? button(main) : undefined
  const steps = run
    ? (['arrive', 'enter', 'finish', 'miss'] as const).filter((step) => step !== main && possible(step)).map(button)
    : []
  const undoable = visit.previousStatus !== null && visit.cancelledBy !== 'patient'
  return {
    main: mainButton,
    steps,
    move: mayMove && movable(visit.status) ? `${base}/move` : undefined,
    length: mayMove && resizable(visit.status) && visit.patientId !== null ? `${base}/length` : undefined,
    cancel: mayMove && possible('cancel') ? `${base}/${stepPaths.cancel}` : undefined,
    undo: can('appointments.run') && undoable && (visit.status !== 'cancelled' || mayMove) ? `${base}/undo` : undefined,
    any: visit.status !== 'pending',
    messages: readsMessages(ctx),
  }
}
