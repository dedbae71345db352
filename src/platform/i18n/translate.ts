// Sentences come from `src/locales/<language>/<feature>.json`; the file's name is the first part of the key.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { createInstance } from 'i18next'
import { languages, type Language } from './languages.ts'

export type Translate = (key: string, params?: Record<string, unknown>) => string

const folder = fileURLToPath(new URL('../../locales/', import.meta.url))

/** All sentences of a language, by feature, as its files have them. */
export function readLocale(language: Language): Record<string, unknown> {
  const features: Record<string, unknown> = {}
  for (const file of readdirSync(join(folder, language))) {
    if (file.endsWith('.json')) {
      features[file.slice(0, -'.json'.length)] = JSON.parse(readFileSync(join(folder, language, file), 'utf8'))
    }
  }
  return features
}

/**
 * A translator per language. A key that is missing throws: a page with a hole in it is a bug to be seen, and the locale
 * test finds it before anyone does. Write counts as `{{count, number}}`; digits are Latin in every language.
 */
export function loadTranslations(): Record<Language, Translate> {
  const instance = createInstance()
  void instance.init({
    initAsync: false,
    lng: 'en',
    fallbackLng: false,
    supportedLngs: [...languages],
    interpolation: { escapeValue: false },
    returnNull: false,
    saveMissing: true,
    missingKeyHandler: (_languages, _namespace, key) => {
      throw new Error(`missing translation: ${key}`)
    },
    resources: Object.fromEntries(languages.map((language) => [language, { translation: readLocale(language) }])),
  })
  const fixed = (language: Language): Translate => {
    const t = instance.getFixedT(language)
    // A sentence without parameters is always the same, and of those with nothing but numbers few are in use.
    const sentences = new Map<string, string>()
    return (key, params) => {
      const numbers = params === undefined || Object.values(params).every((value) => typeof value === 'number')
      if (!numbers) return t(key, { ...params })
      const asked = params === undefined ? key : `${key} ${JSON.stringify(params)}`
      const known = sentences.get(asked)
      if (known !== undefined) return known
      const sentence = params === undefined ? t(key) : t(key, { ...params })
      if (sentences.size >= 20_000) sentences.clear()
      sentences.set(asked, sentence)
      return sentence
    }
  }
  return { en: fixed('en'), ar: fixed('ar'), ur: fixed('ur') }
}
