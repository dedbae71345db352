import { formatFor, type Format } from './format.ts'
import { directionOf, type Language } from './languages.ts'
import type { Translate } from './translate.ts'

/** Who a page or a message speaks to: sentences, and times and amounts as that language writes them at that clinic. */
export type Speaker = Format & { lang: Language; dir: 'ltr' | 'rtl'; t: Translate }

export type Speakers = (lang: Language, place: { country: string; zone: string }) => Speaker

/** Makes each speaker once: there are as many as languages times countries and zones with clinics. */
export function createSpeakers(translations: Record<Language, Translate>): Speakers {
  const cache = new Map<string, Speaker>()
  return (lang, { country, zone }) => {
    const key = `${lang} ${country} ${zone}`
    let speaker = cache.get(key)
    if (!speaker) {
      speaker = { ...formatFor(lang, country, zone), lang, dir: directionOf(lang), t: translations[lang] }
      cache.set(key, speaker)
    }
    return speaker
  }
}
