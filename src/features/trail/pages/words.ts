// An entry in a person's words.
import { isolated } from '../../../kernel/names.ts'
import { roles, type Role } from '../../../kernel/permissions.ts'
import { parseInstant, type Instant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { referenceText } from '../../appointments/rules.ts'
import type { EntryLine } from '../queries/entries.ts'
import { actions, defects, factsOf, recordKindOf, type Fact } from '../rules.ts'

export const logPath = '/settings/log'

export const momentText = (speaker: Speaker, at: Instant): string => `${speaker.date(at)}, ${speaker.time(at)}`

/** An action that has no words any more is shown as it was written rather than not at all. */
export function actionText({ t }: Speaker, action: string): string {
  return actions.has(action) ? t(`trail.action.${action.replace('.', '_')}`) : action
}

/** Who did it; of somebody on a support visit also whose leave they had. */
export function whoText({ t }: Speaker, { actorKind, actorName, ownerName }: EntryLine, named = isolated): string {
  const gone = () => t('trail.who.gone')
  switch (actorKind) {
    case 'patient':
      return t('trail.who.patient')
    case 'visitor':
      return t('trail.who.visitor')
    case 'system':
      return t('trail.who.system')
    case 'support':
      return t('trail.who.support', { name: named(actorName ?? gone()), owner: named(ownerName ?? gone()) })
    case 'api':
      return t('trail.who.api', { name: named(actorName ?? gone()) })
    default:
      return named(actorName ?? gone())
  }
}

const isRole = (text: unknown): text is Role => typeof text === 'string' && (roles as readonly string[]).includes(text)

export function roleText({ t }: Speaker, { actorKind, actorRole }: EntryLine): string | undefined {
  return actorKind === 'user' && isRole(actorRole) ? t(`shared.role.${actorRole}`) : undefined
}

/** `name` is what the record is called, if it is called anything and is still there. */
export function recordText({ t }: Speaker, kind: string, name: string | undefined): string {
  const known = recordKindOf(kind)
  const word = t(`trail.record.${known}`)
  if (name === undefined) return word
  return known === 'appointment' ? `${word} ${referenceText(name)}` : name
}

/** Facts with words of their own; of the others the name they were written under is better than nothing. */
const named = [
  'from', 'to', 'role', 'fields', 'count', 'visits', 'starts_at', 'until', 'reason', 'reasons', 'name', 'email', 'kind',
  'outcome', 'amount', 'currency', 'method', 'plan', 'hours', 'page', 'scopes', 'entries', 'result',
] as const // prettier-ignore

export function factText(speaker: Speaker, { name, value }: Fact): { label: string; value: string } {
  const { t } = speaker
  const known = named.find((one) => one === name)
  const label = known ? t(`trail.fact.${known}`) : name.replaceAll('_', ' ')
  return { label, value: name === 'result' ? resultText(speaker, value) : valueText(speaker, value) }
}

/** What a check of the log found. */
function resultText(speaker: Speaker, value: Fact['value']): string {
  const defect = defects.find((one) => one === value)
  if (defect) return speaker.t(`trail.defect.${defect}`)
  return value === 'sound' ? speaker.t('trail.check.sound') : valueText(speaker, value)
}

function valueText(speaker: Speaker, value: Fact['value']): string {
  if (typeof value === 'boolean') return speaker.t(value ? 'trail.yes' : 'trail.no')
  if (typeof value === 'number') return String(value)
  if (isRole(value)) return speaker.t(`shared.role.${value}`)
  const at = /^\d{4}-\d\d-\d\dT/.test(value) ? parseInstant(value) : undefined
  return at ? momentText(speaker, at) : value
}

/** What was sealed is opened for the owner; what can't be any more is said to be so. */
export function factsIn(ctx: Ctx, { id, details, detailsSealed }: EntryLine): { facts: Fact[]; unreadable: boolean } {
  if (detailsSealed === null) return { facts: factsOf(details, undefined), unreadable: false }
  try {
    return { facts: factsOf(details, ctx.seal.openJson(detailsSealed, 'audit_entries.details', id)), unreadable: false }
  } catch {
    return { facts: factsOf(details, undefined), unreadable: true }
  }
}
