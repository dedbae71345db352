import { fold } from '../../../kernel/names.ts'

export type Meaning = 'stop' | 'start' | 'cancel' | 'other'

const stop = `
  stop, stopall, stop all, unsubscribe, optout, opt out, revoke, end, quit, remove me, do not message, stop messages,
  stop please, please stop
  إيقاف, توقف, وقف, أوقف, وقف الرسائل, إيقاف الرسائل, أوقفوا الرسائل, إلغاء الاشتراك, لا تراسل, لا تراسلني,
  iqaf, eqaf, tawaqaf, tawaqquf
  بند, بند کریں, بند کرو, بند کر دیں, روکیں, روک دیں, پیغام بند کریں, میسج بند کریں,
  band, band karo, band karein, band karen, band kar do, band kardo, message band karo, msg band karo
  रोकें, रोको, बंद, बंद करो, बंद करें, सदस्यता समाप्त, roko, rokein`

const start = `
  start, unstop, subscribe, resume, start messages
  ابدأ, بدء, اشتراك, استئناف, ibda, ebda
  شروع, شروع کریں, شروع کرو, shuru, shuru karo, shuru karein
  शुरू, शुरू करें, शुरू करो`

const cancel = `
  cancel, cancel please, please cancel, cancel visit, cancel appointment, cancel my visit, cancel my appointment
  إلغاء, ألغ, إلغاء الموعد, ملغي, منسوخ, منسوخ کریں, منسوخ کرو, کینسل, کینسل کریں,
  cancel karo, cancel karein, mansookh, mansukh
  रद्द, रद्द करें, रद्द करो`

const words = (list: string) => new Set(list.split(/[,\n]/).map(fold).filter(Boolean))
const known: [Meaning, Set<string>][] = [
  ['stop', words(stop)],
  ['start', words(start)],
  ['cancel', words(cancel)],
]

/**
 * What a typed message asks for. It has to be one of the known words or phrases as a whole, never contain one: "please
 * stop by at five" is not STOP. To a clinic "cancel" is about the visit, so it is a meaning of its own: we ask.
 */
export function meaningOf(text: string): Meaning {
  if (text.length > 80) return 'other'
  const folded = fold(text)
  return known.find(([, phrases]) => phrases.has(folded))?.[0] ?? 'other'
}
