// What the forms about repeat visits say. Their rule is always read as some rule: a field that can't be understood has its
// usual value, and the dates that follow from it are looked at before anything is booked.
import { z } from 'zod'
import { requiredName, requiredPhone } from '../../kernel/forms.ts'
import { parseId, type AppointmentId, type PatientId, type SeriesId } from '../../kernel/ids.ts'
import { latinDigits } from '../../kernel/money.ts'
import { parseDate, type PlainDate } from '../../kernel/time.ts'
import { parseLanguage, type Language } from '../../platform/i18n/languages.ts'
import { typedAnswers } from '../appointments/rules/answers.ts'
import { parseSlot, type SlotChoice } from '../desk/rules.ts'
import { longestStep, mostVisits, usualVisits, type Decision, type End, type Rule } from './rules.ts'

type Typed = Record<string, unknown>

/** Somebody new, as a caller says it; asked for on the page before this one. */
export const callerForm = (country: string) =>
  z.object({
    name: requiredName('series.error.who'),
    phone: requiredPhone('series.error.who', 'series.error.who', country),
  })

export type SeriesForm = {
  id: SeriesId | undefined
  visit: AppointmentId | undefined
  slot: SlotChoice | undefined
  patientId: PatientId | undefined
  language: Language | undefined
  agreed: boolean
  /** What was typed under the service's questions, on the page before or on this one. */
  answers: Record<string, string>
  rule: Rule
  end: End
  /** As typed, where it is not a day: the field keeps it. */
  until: string
  decisions: Map<string, Decision>
}

export function seriesAsked(typed: Typed): SeriesForm {
  return {
    id: parseId<'series'>(typed.series),
    visit: parseId<'appointment'>(typed.visit),
    slot: parseSlot(typed.slot),
    patientId: parseId<'patient'>(typed.patient),
    language: parseLanguage(typed.language),
    agreed: typed.agreed !== undefined,
    answers: typedAnswers(typed),
    rule: ruleAsked(typed),
    end: endAsked(typed),
    until: typeof typed.until === 'string' ? typed.until.slice(0, 20) : '',
    decisions: decisionsOf(typed),
  }
}

function ruleAsked(typed: Typed): Rule {
  const step = numberIn(typed.step, 1, longestStep) ?? 1
  if (typed.repeat === 'day') return { every: 'day', step }
  if (typed.repeat === 'month') return { every: 'month', step, by: typed.month_by === 'weekday' ? 'weekday' : 'date' }
  const weekdays = [typed.weekday].flat().flatMap((one) => numberIn(one, 1, 7) ?? [])
  return { every: 'week', step, weekdays: [...new Set(weekdays)].sort() }
}

function endAsked(typed: Typed): End {
  const until: PlainDate | undefined = typed.ends === 'until' ? parseDate(typed.until) : undefined
  return until ? { until } : { count: numberIn(typed.count, 2, mostVisits) ?? usualVisits }
}

function numberIn(typed: unknown, least: number, most: number): number | undefined {
  const text = typeof typed === 'string' ? latinDigits(typed).trim() : ''
  if (!/^\d{1,3}$/.test(text)) return undefined
  return Math.min(most, Math.max(least, Number(text)))
}

/**
 * What was decided about each date: `at_…` is the free time that was shown, `pick_…` another one that was chosen for it,
 * `leave_…` that it is left out.
 */
export function decisionsOf(typed: Typed): Map<string, Decision> {
  const decisions = new Map<string, Decision>()
  const strength = { at: 1, pick: 2, leave: 3 } as const
  const fields = Object.entries(typed).flatMap(([name, value]) => {
    const match = /^(at|pick|leave)_([0-9a-f-]{10,36})$/.exec(name)
    return match ? [{ kind: match[1] as keyof typeof strength, key: match[2] ?? '', value }] : []
  })
  for (const { kind, key, value } of fields.sort((a, b) => strength[a.kind] - strength[b.kind])) {
    const decision = kind === 'leave' || value === 'leave_out' ? 'leave_out' : parseSlot(value)
    if (decision) decisions.set(key, decision)
  }
  return decisions
}
