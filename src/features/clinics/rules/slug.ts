// The readable address of a clinic, `/c/<slug>`: made from its name, in Latin letters whatever the name is written in.

const longest = 40
const shortest = 3

/** What stands, or may one day stand, where a slug does, or would pass for the service itself. */
const reserved = new Set(
  `account accounts admin api app apps appointment appointments assets auth billing blog book booking bookings c clinic
   clinics console contact css demo dev doc docs doctor doctors download embed en ar ur faq favicon healthz help home
   hospital img images index js legal live login logout mail manifest me metrics nabz new news null official owner page pages
   patient patients payment payments phone platform pricing privacy public q queue readyz register root search security
   service services session settings share shop sign-in sign-out sign-up signin signup site sitemap staff static status
   store support system team terms test undefined user users vendor verify webhook webhooks whatsapp www`
    .split(/\s+/)
    .filter((word) => /^[a-z-]+$/.test(word)),
)

export const isReservedSlug = (slug: string): boolean => reserved.has(slug)

/** Whether a text can be an address as it stands: lower-case words of Latin letters and digits, joined by hyphens. */
export function isSlug(text: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && text.length >= shortest && text.length <= longest
}

/**
 * The addresses to try for a clinic, best first: its name, then its name with its city, then numbered. `chance` is some
 * random hexadecimal: it ends the last one, which nobody else has, and stands in where a name leaves no Latin letter.
 */
export function slugCandidates(name: string, city: string, chance: string): string[] {
  const place = slugOf(city)
  const named = slugOf(name)
  const base = isSlug(named) ? named : place === '' ? '' : cut(`clinic-${place}`)
  if (base === '') return [`clinic-${chance}`]
  const withPlace = place === '' || base.split('-').includes(place) ? [] : [cut(`${base}-${place}`)]
  const numbered = [2, 3, 4, 5].map((number) => cut(base, 2) + `-${number}`)
  return [base, ...withPlace, ...numbered, `${cut(base, chance.length + 1)}-${chance}`].filter(
    (slug) => isSlug(slug) && !isReservedSlug(slug),
  )
}

/** A text as Latin words joined by hyphens; empty when nothing of it can be written so. */
export function slugOf(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200c\u200d'’`]/g, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/&/g, ' and ')
    .split(/[^\p{L}\p{N}]+/u)
    .map(latinWord)
    .filter((word) => word !== '')
  return cut(words.join('-'))
}

// Cut at a word's end, so that no address stops in the middle of one.
function cut(slug: string, spare = 0): string {
  const room = longest - spare
  if (slug.length <= room) return slug
  const end = slug.lastIndexOf('-', room)
  return slug.slice(0, end > 0 ? end : room)
}

function latinWord(word: string): string {
  const plain = word.replace(/[\u0131ßæœøðþłđ]/g, (letter) => europeanLetters[letter] ?? letter)
  if (/^[a-z0-9]+$/.test(plain)) return plain
  if (!/^[\p{Script=Arabic}\p{N}a-z]+$/u.test(plain)) return ''
  return knownWords.get(joinedForms(plain)) ?? arabicWord(plain)
}

const europeanLetters: Record<string, string> = {
  ı: 'i', ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ð: 'd', þ: 'th', ł: 'l', đ: 'd',
} // prettier-ignore

/** One form for letters that Arabic and Urdu keyboards write differently. */
function joinedForms(word: string): string {
  return word
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/[ىی]/g, 'ي')
    .replace(/[ک]/g, 'ك')
    .replace(/[ہۂە]/g, 'ه')
    .replace(/[ۃ]/g, 'ة')
}

// Vowels are not written, so letter by letter these would come out unreadable; and nearly every clinic's name has one.
const knownWords = new Map(
  Object.entries({
    عيادة: 'clinic', عيادات: 'clinics', العيادة: 'clinic', كلينك: 'clinic', كلينيك: 'clinic', مركز: 'center',
    المركز: 'center', سنتر: 'center', سينٹر: 'center', مستشفى: 'hospital', هسپتال: 'hospital',
    مستوصف: 'dispensary', مطب: 'matab', دواخانه: 'dawakhana', شفاخانه: 'shifakhana', مجمع: 'complex', طب: 'medical',
    الطب: 'medical', لطب: '', الطبي: 'medical', الطبية: 'medical', طبي: 'medical', طبية: 'medical', ميديكل: 'medical',
    الاسنان: 'dental', اسنان: 'dental', ڈينٹل: 'dental', دكتور: 'dr', الدكتور: 'dr', دكتورة: 'dr', الدكتورة: 'dr',
    ڈاكٹر: 'dr', د: 'dr', العيون: 'eye', عيون: 'eye', الجلدية: 'skin', جلدية: 'skin', الاطفال: 'children',
    اطفال: 'children', النساء: 'women', العائلة: 'family', فيملي: 'family', الاسرة: 'family', للعلاج: 'therapy',
    الطبيعي: 'physio', فزيوتھراپي: 'physio', النور: 'alnoor', نور: 'noor', الشفاء: 'alshifa', الشفا: 'alshifa',
    شفاء: 'shifa', شفا: 'shifa', الحياة: 'alhayat', حياة: 'hayat', الامل: 'alamal', امل: 'amal', السلام: 'alsalam',
    سلام: 'salam', الرحمة: 'alrahma', رحمة: 'rahma', الرحمن: 'alrahman', الهدى: 'alhuda',
    محمد: 'muhammad', احمد: 'ahmed', علي: 'ali', حسن: 'hassan', حسين: 'hussain', فاطمة: 'fatima', خالد: 'khaled',
    القاهرة: 'cairo', كراچي: 'karachi', لاهور: 'lahore', الرياض: 'riyadh', دبي: 'dubai', جدة: 'jeddah', و: 'and', اور: 'and',
    اسلام: 'islam', آباد: 'abad', اسلاماباد: 'islamabad', الاسكندرية: 'alexandria', الجيزة: 'giza', عمان: 'amman',
    بيروت: 'beirut', بغداد: 'baghdad', الدوحة: 'doha', الكويت: 'kuwait', مكة: 'makkah', المدينة: 'madinah',
  }).map(([word, latin]) => [joinedForms(word), latin]),
) // prettier-ignore

const arabicLetters: Record<string, string> = {
  ا: 'a', ب: 'b', پ: 'p', ت: 't', ٹ: 't', ث: 'th', ج: 'j', چ: 'ch', ح: 'h', خ: 'kh', د: 'd', ڈ: 'd', ذ: 'dh', ر: 'r',
  ڑ: 'r', ز: 'z', ژ: 'zh', س: 's', ش: 'sh', ص: 's', ض: 'd', ط: 't', ظ: 'z', ع: 'a', غ: 'gh', ف: 'f', ق: 'q', ك: 'k',
  گ: 'g', ل: 'l', م: 'm', ن: 'n', ں: 'n', ه: 'h', ھ: 'h', ة: 'a', ؤ: 'o', ئ: 'y', ء: '', ے: 'e', ڤ: 'v',
} // prettier-ignore

const digit = (letter: string): string | undefined =>
  /[٠-٩۰-۹]/.test(letter) ? String((letter.codePointAt(0) ?? 0) & 0xf) : /[0-9a-z]/.test(letter) ? letter : undefined

/** Letter by letter: و and ي are vowels inside a word and consonants at its start. Readable, not scholarly. */
function arabicWord(word: string): string {
  const letters = [...joinedForms(word)]
  return letters
    .map((letter, at) => {
      const first = at === 0 || (at === 2 && letters[0] === 'ا' && letters[1] === 'ل')
      if (letter === 'و') return first ? 'w' : 'o'
      if (letter === 'ي') return first ? 'y' : 'i'
      return digit(letter) ?? arabicLetters[letter] ?? ''
    })
    .join('')
    .replace(/(.)\1{2,}/g, '$1$1')
}
