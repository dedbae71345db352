// Policies are written in files, and what the service does by rule stands in them as a place to be filled: the table of
// how long things are kept, who works for the service, the cookies. So text and behaviour can't part.
import type { Period, RetentionRule } from '../../privacy/rules/retention.ts'

type Translate = (key: string, params?: Record<string, unknown>) => string

/** Somebody who works for the service; by name where the settings tell it. */
export type Processor = { code: 'hosting' | 'whatsapp' | 'mail' | 'stripe' | 'analytics'; name?: string }

export type TextFacts = {
  rules: readonly RetentionRule[]
  processors: readonly Processor[]
  cookies: readonly { code: string; name: string }[]
  /** Where optional statistics come from, in a deployment that has them, and the key that remembers a yes. */
  analytics: { host: string; key: string } | undefined
  /** Limits that the texts name: `{{number backup_days}}`. */
  numbers: Readonly<Record<string, string>>
}

/** The text with every place filled. Throws at one that nobody knows, so that none is ever published. */
export function fillText(source: string, t: Translate, facts: TextFacts): string {
  return source.replaceAll(/\{\{(\w+)(?: (\w+))?\}\}/g, (place, kind: string, name?: string) => {
    switch (kind) {
      case 'retention':
        return retentionTable(t, facts.rules)
      case 'rule':
        return periodText(t, ruleNamed(facts, name).after)
      case 'number':
        return facts.numbers[name ?? ''] ?? unknown(place)
      case 'processors':
        return processorTable(t, facts.processors)
      case 'cookies':
        return cookieTable(t, facts)
      case 'analytics':
        return facts.analytics === undefined
          ? t('policies.analytics.off')
          : t('policies.analytics.on', { ...facts.analytics })
      case 'strangers':
        return facts.analytics === undefined
          ? t('policies.strangers.none')
          : t('policies.strangers.counted', { host: facts.analytics.host })
      default:
        return unknown(place)
    }
  })
}

function unknown(place: string): never {
  throw new Error(`nobody knows what ${place} stands for`)
}

function ruleNamed({ rules }: TextFacts, name: string | undefined): RetentionRule {
  return rules.find(({ code }) => code === name) ?? unknown(`rule ${name}`)
}

export function periodText(t: Translate, after: Period): string {
  if (after === 'ever') return t('policies.period.ever')
  if ('hours' in after) return t('policies.period.hours', { count: after.hours })
  if ('days' in after) return t('policies.period.days', { count: after.days })
  return t('policies.period.months', { count: after.months })
}

/** How long and from when: `24 months after the visit ended, or sooner if the clinic chooses so`. */
export function keptText(t: Translate, { code, after, setting }: RetentionRule): string {
  if (after === 'ever') return periodText(t, after)
  const from = t(`policies.rule.${code}.from`)
  // What ends by itself is swept away at once.
  if ('hours' in after && after.hours === 0) return from
  const kept = t('policies.kept', { period: periodText(t, after), from })
  return setting === undefined ? kept : t(`policies.setting.${code}`, { kept })
}

const cell = (text: string) => text.replaceAll(/[|\n]/g, ' ')
const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function retentionTable(t: Translate, rules: readonly RetentionRule[]): string {
  return table(
    [t('policies.table.what'), t('policies.table.kept'), t('policies.table.ends')],
    rules.map((rule) => [t(`policies.rule.${rule.code}.what`), keptText(t, rule), t(`policies.ends.${rule.ends}`)]),
  )
}

function processorTable(t: Translate, processors: readonly Processor[]): string {
  return table(
    [t('policies.table.who'), t('policies.table.task'), t('policies.table.gets'), t('policies.table.whose')],
    processors.map(({ code, name }) => [
      // A name from the settings is text, whatever it looks like.
      name === undefined
        ? t(`policies.processor.${code}.who`)
        : t(`policies.processor.${code}.named`, { name: name.replaceAll(/[`*[\]|]/g, '') }),
      t(`policies.processor.${code}.task`),
      t(`policies.processor.${code}.gets`),
      t(`policies.processor.${code}.whose`),
    ]),
  )
}

function cookieTable(t: Translate, { cookies, numbers }: TextFacts): string {
  return table(
    [t('policies.table.name'), t('policies.table.when'), t('policies.table.purpose')],
    cookies.map(({ code, name }) => [
      `\`${name}\``,
      t(`policies.cookie.${code}.when`),
      t(`policies.cookie.${code}.purpose`, { minutes: numbers.idle_minutes }),
    ]),
  )
}
