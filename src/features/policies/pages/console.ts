// The console's pages: every policy with its versions, and one version with what it changes.
import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import { isAgreed, policyCodes, type PolicyCode } from '../../../kernel/policies.ts'
import type { Instant } from '../../../kernel/time.ts'
import { notFound } from '../../../platform/errors.ts'
import { parseArticle } from '../../../platform/i18n/articles.ts'
import { directionOf, languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { inForce, type PolicyVersionId } from '../../../platform/policies.ts'
import type { Services } from '../../../platform/services.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { countAccepted, findVersion, listVersions, type StoredVersion } from '../queries.ts'
import { earliestEffect, noticeDays, stageOf, type Stage } from '../rules/versions.ts'
import { changesBetween } from './compare.ts'
import { utcText } from './words.ts'

type Parts = Pick<Services, 'db' | 'clock' | 'policies'>

const stageLooks: Record<Stage, { css: string; icon: string }> = {
  draft: { css: 'pill-warning', icon: 'edit' },
  scheduled: { css: 'pill-info', icon: 'clock' },
  in_force: { css: 'pill-success', icon: 'check' },
  superseded: { css: '', icon: 'history' },
}

const pillOf = ({ t }: Speaker, stage: Stage) => ({ ...stageLooks[stage], word: t(`policies.stage.${stage}`) })

const numberInForce = ({ policies }: Pick<Parts, 'policies'>, code: PolicyCode, now: Instant) =>
  inForce(policies.published(), code, now)?.version

/** `present` is the hash of what each policy would say if it were published now. */
export async function policiesPage(
  parts: Parts,
  speaker: Speaker,
  present: Readonly<Record<PolicyCode, string>>,
): Promise<View> {
  const { t } = speaker
  const now = parts.clock.now()
  const [versions, { owners, accepted }] = await Promise.all([listVersions(parts.db), countAccepted(parts.db)])
  return view('policies/console', {
    title: t('policies.console.title'),
    draftAction: '/admin/policies/drafts',
    policies: policyCodes.map((code) => {
      const own = versions.filter((one) => one.code === code)
      const draft = own.find(({ publishedAt }) => publishedAt === null)
      const latest = own.find(({ publishedAt }) => publishedAt !== null)
      const differs = latest !== undefined && latest.sha256 !== present[code]
      return {
        code,
        title: t(`policies.title.${code}`),
        href: `/${code}`,
        warning: differs ? t('policies.console.differs', { number: latest.version }) : undefined,
        // A draft there is gets the present text when it is asked for again.
        mayDraft: differs && draft === undefined,
        versions: own.map((one) => {
          const stage = stageOf(one, numberInForce(parts, code, now), now)
          return {
            href: `/admin/policies/${one.id}`,
            name: t('policies.version', { number: one.version }),
            pill: pillOf(speaker, stage),
            when: one.effectiveAt === null ? t('policies.console.no_date') : utcText(speaker, one.effectiveAt),
            kind: t(one.noticedAt === null ? 'policies.console.quiet' : 'policies.console.material'),
            mails: one.noticedAt === null ? undefined : mailsOf(speaker, one),
            accepted: isAgreed(code)
              ? t('policies.console.accepted', { count: accepted.get(one.id) ?? 0, owners })
              : undefined,
          }
        }),
      }
    }),
  })
}

function mailsOf({ t }: Speaker, one: StoredVersion): string {
  const count = t('policies.console.mails', { count: one.mails })
  return one.mailingDoneAt === null ? `${count} · ${t('policies.console.sending')}` : count
}

/** One version. A draft can be dated and published; `present` is the hash of the text as it would be now. */
export async function policyVersionPage(
  parts: Parts,
  speaker: Speaker,
  id: PolicyVersionId,
  presentOf: (code: PolicyCode) => string,
  form?: Form,
): Promise<View> {
  const { t } = speaker
  const now = parts.clock.now()
  const one = (await findVersion(parts.db, id)) ?? notFound('policy')
  const others = (await listVersions(parts.db)).filter(
    ({ code, version }) => code === one.code && version < one.version,
  )
  // A draft is held against what people live by now, an old version against what it took the place of.
  const current = inForce(parts.policies.published(), one.code, now)
  const base =
    one.publishedAt === null ? (others.find(({ version }) => version === current?.version) ?? others[0]) : others[0]
  const stage = stageOf(one, current?.version, now)
  const filled = form ?? (stage === 'draft' ? filledForm(valuesOf(one)) : emptyForm)
  const field = (name: string, label: string, more: Record<string, unknown> = {}) => ({
    name,
    label,
    value: filled.values[name] ?? '',
    error: filled.errors[name],
    ...more,
  })
  return view('policies/version', {
    title: t('policies.console.version_title', {
      policy: t(`policies.title.${one.code}`),
      version: t('policies.version', { number: one.version }),
    }),
    scripts: ['/js/error-summary.js'],
    form: filled,
    pill: pillOf(speaker, stage),
    action: `/admin/policies/${id}`,
    dropAction: stage === 'draft' ? `/admin/policies/${id}/drop` : undefined,
    outdated: stage === 'draft' && presentOf(one.code) !== one.sha256 ? { code: one.code } : undefined,
    draftAction: '/admin/policies/drafts',
    publicHref: stage === 'draft' ? undefined : `/${one.code}/versions/${one.version}`,
    facts: [
      [t('policies.console.effective'), one.effectiveAt ? utcText(speaker, one.effectiveAt) : undefined],
      [t('policies.console.noticed'), one.noticedAt ? utcText(speaker, one.noticedAt) : undefined],
      [t('policies.console.told'), one.noticedAt ? mailsOf(speaker, one) : undefined],
      [t('policies.console.fingerprint'), one.sha256.slice(0, 32)],
    ].filter(([, value]) => value !== undefined),
    compared: base && t('policies.compare.lead', { from: base.version, to: one.version }),
    fields:
      stage !== 'draft'
        ? []
        : [
            ...(isAgreed(one.code)
              ? [
                  field('material', t('policies.console.is_material'), {
                    type: 'radio',
                    options: [
                      {
                        value: 'yes',
                        label: t('policies.console.material_yes'),
                        hint: t('policies.console.material_yes_hint', { count: noticeDays }),
                      },
                      {
                        value: 'no',
                        label: t('policies.console.material_no'),
                        hint: t('policies.console.material_no_hint'),
                      },
                    ],
                  }),
                ]
              : []),
            ...languages.map((lang) =>
              field(`summary_${lang}`, t('policies.console.summary_in', { language: languageNames[lang] }), {
                type: 'textarea',
                rows: 3,
                maxlength: 1000,
                dir: directionOf(lang),
              }),
            ),
            field('effective', t('policies.console.effective_utc'), {
              type: 'datetime-local',
              dir: 'ltr',
              required: false,
              hint: t('policies.console.effective_hint', {
                at: utcText(speaker, earliestEffect(isAgreed(one.code), now)),
              }),
            }),
          ],
    texts: languages.map((lang) => {
      const article = parseArticle(one.texts[lang])
      return {
        lang,
        dir: directionOf(lang),
        language: languageNames[lang],
        summary: one.summaries?.[lang],
        changes: base && changesBetween(base.texts[lang], one.texts[lang]),
        article: { title: article.title, lead: article.leadSpans, blocks: article.blocks },
      }
    }),
  })
}

function valuesOf({ code, material, summaries, effectiveAt }: StoredVersion): Record<string, string> {
  return {
    ...Object.fromEntries(languages.map((lang) => [`summary_${lang}`, summaries?.[lang] ?? ''])),
    material: material && isAgreed(code) ? 'yes' : 'no',
    effective: effectiveAt === null ? '' : effectiveAt.toString().slice(0, 16),
  }
}
