// Finding help by words, without an index: there are a handful of texts.

const plain = (text: string) =>
  text
    .normalize('NFKD')
    // Vowel signs and the ways to write alef, yeh and kaf, which people do not type alike.
    .replace(/[\u0300-\u036f\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[أإآ]/g, 'ا')
    .replace(/[ىي]/g, 'ی')
    .replace(/ك/g, 'ک')
    .replace(/[ةه]/g, 'ہ')
    .toLowerCase()

export type Searchable = { title: string; words: string }

/** Those that hold every word of the question, titles first; the order of the rest stays. */
export function searchTexts<T extends Searchable>(texts: readonly T[], question: string): T[] {
  const asked = plain(question).split(/\s+/).filter(Boolean).slice(0, 8)
  if (asked.length === 0) return []
  const holds = (text: string) => asked.every((word) => text.includes(word))
  const found = texts.filter(({ words }) => holds(plain(words)))
  const rank = ({ title }: T) => asked.filter((word) => plain(title).includes(word)).length
  return [...found].sort((a, b) => rank(b) - rank(a))
}

/** The words around the first hit, for a line below the title. */
export function excerptOf(words: string, question: string, length = 160): string {
  const [first = ''] = plain(question).split(/\s+/).filter(Boolean)
  const at = words.split(/\s+/)
  const hit = Math.max(
    0,
    at.findIndex((word) => plain(word).includes(first)),
  )
  const from = Math.max(0, hit - 8)
  let text = ''
  for (const word of at.slice(from)) {
    if (text.length + word.length > length) break
    text += (text === '' ? '' : ' ') + word
  }
  return `${from > 0 ? '… ' : ''}${text} …`
}
