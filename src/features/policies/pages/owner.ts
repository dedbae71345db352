// What an owner sees of the policies: what to accept, what is in force, who accepted what, and how versions differ.
import { isAgreed, policyCodes, type PolicyCode } from '../../../kernel/policies.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { inForce, namesOf, type PolicyVersion } from '../../../platform/policies.ts'
import type { Person } from '../../../platform/web/routers.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { listAcceptances } from '../queries.ts'
import { dutiesOf } from '../rules/duties.ts'
import { changesBetween } from './compare.ts'
import { momentText } from './words.ts'

const home = '/settings/privacy/policies'

type Scene = { speaker: Speaker; published: readonly PolicyVersion[] }

export async function ownerPoliciesPage(
  ctx: Ctx,
  { speaker, published }: Scene,
  person: Pick<Person, 'accepted'>,
): Promise<View> {
  const { t, lang } = speaker
  const at = (path: string) => `/app/${ctx.clinic.slug}${path}`
  const acceptances = await listAcceptances(ctx.db, ctx.clinic.id)
  const { due, coming } = dutiesOf(published, person.accepted, ctx.now)
  const readHref = ({ code, version }: PolicyVersion) => `/${code}/versions/${version}?lang=${lang}`
  const before = ({ code, version }: PolicyVersion) =>
    published.filter((one) => one.code === code && one.version < version).at(-1)
  const nameOf = ({ code, version }: Pick<PolicyVersion, 'code' | 'version'>) =>
    t('policies.console.version_title', {
      policy: t(`policies.title.${code}`),
      version: t('policies.version', { number: version }),
    })
  const asked = (version: PolicyVersion) => {
    const earlier = before(version)
    const begun = version.effectiveAt.epochMilliseconds <= ctx.now.epochMilliseconds
    return {
      title: nameOf(version),
      when: t(begun ? 'policies.owner.in_force_since' : 'policies.owner.takes_effect', {
        at: momentText(speaker, version.effectiveAt),
      }),
      due: begun,
      summary: version.summaries?.[lang],
      readHref: readHref(version),
      compareHref:
        earlier && at(`${home}/compare?policy=${version.code}&from=${earlier.version}&to=${version.version}`),
      named: namesOf([version]),
    }
  }
  return view('policies/owner', {
    title: t('policies.owner.title'),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at('/settings/privacy'), label: t('policies.owner.back') },
    action: at(`${home}/acceptance`),
    asked: [...due, ...coming].map(asked),
    current: policyCodes.flatMap((code) => {
      const version = inForce(published, code, ctx.now)
      if (!version) return []
      const accepted = acceptances.find((one) => one.code === code && one.version === version.version)
      const mine = (person.accepted[code] ?? 0) >= version.version
      const isAsked = [...due, ...coming].some(({ id }) => id === version.id)
      return [
        {
          title: t(`policies.title.${code}`),
          version: t('policies.version', { number: version.version }),
          since: speaker.date(version.effectiveAt),
          readHref: readHref(version),
          accepted: !isAgreed(code)
            ? t('policies.owner.tells')
            : accepted
              ? t('policies.owner.accepted', { name: accepted.name, at: speaker.date(accepted.at) })
              : t('policies.owner.not_accepted'),
          named: isAgreed(code) && !mine && !isAsked ? namesOf([version]) : undefined,
        },
      ]
    }),
    acceptances: acceptances.map((one) => ({
      policy: nameOf(one),
      name: one.name,
      at: momentText(speaker, one.at),
      language: languageNames[one.language],
      hash: one.sha256.slice(0, 16),
    })),
  })
}

export type Compared = { policy: PolicyCode; from: number; to: number }

export function comparePage(ctx: Pick<Ctx, 'clinic'>, { speaker, published }: Scene, asked: Compared): View {
  const { t, lang } = speaker
  const at = (path: string) => `/app/${ctx.clinic.slug}${path}`
  const found = (version: number) =>
    published.find((one) => one.code === asked.policy && one.version === version) ?? notFound('policy')
  const [from, to] = [found(asked.from), found(asked.to)]
  return view('policies/compare', {
    title: t('policies.compare.title', { policy: t(`policies.title.${asked.policy}`) }),
    menu: settingsMenu(ctx, speaker, 'privacy'),
    back: { href: at(home), label: t('policies.owner.title') },
    lead: t('policies.compare.lead', { from: from.version, to: to.version }),
    summary: to.summaries?.[lang],
    sections: changesBetween(from.texts[lang], to.texts[lang]),
  })
}
