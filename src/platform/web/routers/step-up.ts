// For what can't be taken back, a session is not enough: whoever sits at the desk proves once more to be themselves.
import type { Request } from 'express'
import { provenLately } from '../session.ts'
import type { Basics } from './basics.ts'
import type { Person } from './shell.ts'
import type { RouteOptions } from './table.ts'

/**
 * What a feature does with a form of somebody who has not proven themselves lately: true when the proof came with the
 * form, which then goes on without it; false when it has asked for one. Named by the application, like `DeskNotices`.
 */
export type StepUp = (request: Basics & { person: Person }) => Promise<boolean>

const stepUpOf = (req: Request): StepUp => (req.app.locals as { stepUp: StepUp }).stepUp

/**
 * Whether the handler may go on. If not, the answer is given already: a page is sent to where one proves oneself and
 * comes back, a form is asked about by the application's `StepUp` with all that was typed.
 */
export async function provesLately(request: Basics & { person: Person }, options: RouteOptions): Promise<boolean> {
  const { req, res, person } = request
  if (!options.stepUp || (options.stepUp === 'second' && !person.secondFactor)) return true
  if (provenLately(req, person.secondFactor)) return true
  if (req.method === 'POST') return stepUpOf(req)(request)
  res.redirect(303, `/account/confirm?next=${encodeURIComponent(req.originalUrl)}`)
  return false
}
