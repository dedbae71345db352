// A clinic's head and foot, as every page of its public side shows them.
import { parsePhone, phoneText } from '../../../kernel/phone.ts'
import type { Clinic } from '../../../platform/clinic-scope.ts'
import type { DiarySettings } from '../../clinics/queries.ts'
import { initialsOf } from '../../clinics/rules.ts'

/** Whose page it is; `url` keeps the language the patient chose. */
export type Place = { clinic: Clinic; settings: DiarySettings; url: (path: string) => string }

export const homeOf = ({ clinic, url }: Pick<Place, 'clinic' | 'url'>, path = '') => url(`/c/${clinic.slug}${path}`)

export function headOf(place: Place) {
  const phone = clinicPhone(place)
  return {
    name: place.clinic.name,
    initials: initialsOf(place.clinic.name),
    href: homeOf(place),
    phone: phone?.text,
    phoneHref: phone?.href,
    privacyHref: homeOf(place, '/privacy'),
    noticeHref: homeOf(place, '/privacy-notice'),
  }
}

export function clinicPhone({ clinic, settings }: Place): { text: string; href: string } | undefined {
  const places = settings.locations.filter(({ active }) => active)
  const number = settings.profile.phone ?? places.find(({ phone }) => phone !== null)?.phone
  const phone = parsePhone(number, clinic.country)
  return phone && { text: phoneText(phone), href: `tel:${phone}` }
}
