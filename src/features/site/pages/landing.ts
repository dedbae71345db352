import type { Language } from '../../../platform/i18n/languages.ts'
import { languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import type { View } from '../../../platform/web/views.ts'
import type { PriceList } from '../actions.ts'
import { sitePage, type Scene } from './frame.ts'
import { planCards } from './pricing.ts'

/** `speakers`: the message of the main job is shown in every language, whichever the page is in. */
export function landingPage(
  scene: Scene,
  facts: { signedIn: boolean; prices: PriceList; speakers: Record<Language, Speaker> },
): View {
  const { t } = scene.speaker
  const points = (group: string, names: string[]) => names.map((name) => t(`site.for.${group}.${name}`))
  return sitePage('site/landing', scene, {
    title: t('site.title'),
    description: t('site.lead'),
    wholeTitle: t('site.whole_title'),
    lead: t('site.lead'),
    start: facts.signedIn
      ? { href: '/app', label: t('site.go_to_work') }
      : { href: '/sign-up', label: t('site.start') },
    signedIn: facts.signedIn,
    steps: ['choose', 'held', 'told', 'changed'].map((step) => ({
      title: t(`site.steps.${step}.title`),
      text: t(`site.steps.${step}.text`),
    })),
    people: [
      {
        icon: 'device-mobile',
        title: t('site.for.patients.title'),
        points: points('patients', ['one', 'two', 'three', 'four']),
      },
      {
        icon: 'layout-columns',
        title: t('site.for.desk.title'),
        points: points('desk', ['one', 'two', 'three', 'four']),
      },
      {
        icon: 'building-hospital',
        title: t('site.for.owner.title'),
        points: points('owner', ['one', 'two', 'three', 'four']),
      },
    ],
    tongues: languages.map((lang) => ({
      lang,
      dir: facts.speakers[lang].dir,
      message: facts.speakers[lang].t('site.art.message'),
      answer: facts.speakers[lang].t('site.art.answer'),
    })),
    trust: [
      { icon: 'calendar-check', name: 'once' },
      { icon: 'bell-off', name: 'stop' },
      { icon: 'key', name: 'sealed' },
      { icon: 'eye-off', name: 'unwatched' },
    ].map(({ icon, name }) => ({ icon, title: t(`site.trust.${name}.title`), text: t(`site.trust.${name}.text`) })),
    plans: planCards(scene.speaker, facts.prices, 'month'),
    questions: ['install', 'number', 'phones', 'paper', 'leave', 'language'].map((name) => ({
      question: t(`site.ask.${name}.question`),
      answer: t(`site.ask.${name}.answer`),
    })),
  })
}
