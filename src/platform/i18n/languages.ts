export const languages = ['en', 'ar', 'ur'] as const
export type Language = (typeof languages)[number]

/** Each language in its own name and writing, for the switch. */
export const languageNames: Record<Language, string> = { en: 'English', ar: 'العربية', ur: 'اردو' }

/** The way a page of that language runs. */
export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'en' ? 'ltr' : 'rtl')

/** The switch of a staff page, each language in its own name. */
export const languageChoices = (now: Language) =>
  languages.map((lang) => ({ lang, label: languageNames[lang], dir: directionOf(lang), current: lang === now }))

/** Undefined for anything but a language the product speaks. */
export function parseLanguage(text: unknown): Language | undefined {
  return languages.find((language) => language === text)
}
