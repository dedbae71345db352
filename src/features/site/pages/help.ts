import { readArticle, wordsOfArticle, type Article } from '../../../platform/i18n/articles.ts'
import { type Language } from '../../../platform/i18n/languages.ts'
import type { View } from '../../../platform/web/views.ts'
import { excerptOf, searchTexts } from '../rules/search.ts'
import { sitePage, type Scene } from './frame.ts'

/** In the order somebody new would read them. */
const topics = [
  { name: 'getting-started', icon: 'flag' },
  { name: 'booking-page', icon: 'calendar-check' },
  { name: 'messages', icon: 'brand-whatsapp' },
  { name: 'the-day', icon: 'layout-columns' },
  { name: 'roles', icon: 'users' },
  { name: 'privacy', icon: 'shield-lock' },
  { name: 'subscription', icon: 'credit-card' },
  { name: 'contact', icon: 'help-circle' },
] as const

export const helpNames: readonly string[] = topics.map(({ name }) => name)

type Text = { name: string; icon: string; title: string; lead: string; words: string; article: Article }

const shelf = new Map<Language, Text[]>()

function textsIn(lang: Language): Text[] {
  const known = shelf.get(lang)
  if (known) return known
  const texts = topics.map(({ name, icon }) => {
    const article = readArticle(lang, `site/help/${name}`)
    return { name, icon, title: article.title, lead: article.lead, words: wordsOfArticle(article), article }
  })
  shelf.set(lang, texts)
  return texts
}

const hrefOf = (name: string) => `/help/${name}`

export function helpPage(scene: Scene, question: string | undefined): View {
  const { t, lang } = scene.speaker
  const texts = textsIn(lang)
  const found = question === undefined ? undefined : searchTexts(texts, question)
  return sitePage(
    'site/help',
    scene,
    {
      title: question === undefined ? t('site.help.title') : t('site.help.results_title', { question }),
      description: t('site.help.lead'),
      question,
      count: found && t('site.help.found', { count: found.length }),
      found: found?.map(({ name, title, words }) => ({
        href: hrefOf(name),
        title,
        text: excerptOf(words, question ?? ''),
      })),
      topics: texts.map(({ name, icon, title, lead }) => ({ href: hrefOf(name), icon, title, text: lead })),
    },
    { index: question === undefined },
  )
}

/** Undefined when there is no such text. */
export function helpArticlePage(scene: Scene, name: string): View | undefined {
  const texts = textsIn(scene.speaker.lang)
  const at = texts.findIndex((text) => text.name === name)
  const text = texts[at]
  if (!text) return undefined
  const next = texts[at + 1]
  return sitePage('site/article', scene, {
    title: text.title,
    description: text.lead,
    lead: text.article.leadSpans,
    back: { href: '/help', label: scene.speaker.t('site.help.title') },
    blocks: text.article.blocks,
    contents: text.article.blocks.filter((block) => block.kind === 'heading' && block.level === 2),
    next: next && { href: hrefOf(next.name), title: next.title },
    siblings: texts.map(({ name: other, title }) => ({ href: hrefOf(other), title, current: other === name })),
  })
}
