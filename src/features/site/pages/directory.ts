import { isolated } from '../../../kernel/names.ts'
import type { View } from '../../../platform/web/views.ts'
import { initialsOf, specialties } from '../../clinics/rules.ts'
import type { Search } from '../../clinics/queries/found.ts'
import type { Found } from '../actions.ts'
import { directoryPageSize } from '../rules/directory.ts'
import { sitePage, type Scene } from './frame.ts'

export function directoryPage(scene: Scene, search: Search, page: number, { clinics, total, places }: Found): View {
  const { t, lang } = scene.speaker
  const regions = new Intl.DisplayNames([lang], { type: 'region' })
  const countryName = (code: string) => regions.of(code) ?? code
  const pages = Math.max(1, Math.ceil(total / directoryPageSize))
  const unique = (values: string[]) => [...new Set(values)]
  const specialtyName = (code: string) => t(`clinics.specialty.${code}`)
  const named = (values: string[], label: (value: string) => string) =>
    values
      .map((value) => ({ value, label: label(value) }))
      .sort((a, b) => new Intl.Collator(lang).compare(a.label, b.label))
  const any = (key: string) => ({ value: '', label: t(`site.directory.any_${key}`) })
  const countries = named(unique(places.map(({ country }) => country).concat(search.country ?? [])), countryName)
  const cities = search.country === undefined ? [] : named(uniqueCities(places.map(({ city }) => city)), (city) => city)
  const known = places.map(({ specialty }) => specialty).filter((code) => specialties.some((one) => one === code))
  const address = (number: number) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(search)) if (value !== undefined) query.set(name, value)
    if (number > 1) query.set('page', String(number))
    return `/clinics${query.size > 0 ? `?${query.toString()}` : ''}`
  }
  const searched = Object.values(search).some((value) => value !== undefined)
  const select = (name: keyof Search, options: { value: string; label: string }[]) => ({
    name,
    type: 'select',
    label: t(`site.directory.${name}`),
    value: search[name] ?? '',
    options,
  })
  return sitePage(
    'site/directory',
    scene,
    {
      title: t('site.directory.title'),
      description: t('site.directory.lead'),
      lead: t('site.directory.lead'),
      fields: [
        select('country', [any('country'), ...countries]),
        ...(cities.length > 0 ? [select('city', [any('city'), ...cities])] : []),
        select('specialty', [any('specialty'), ...named(unique(known.concat(search.specialty ?? [])), specialtyName)]),
        { name: 'q', type: 'search', label: t('site.directory.name'), value: search.q ?? '', dir: 'auto' },
      ],
      searched,
      empty: total === 0,
      count: t('site.directory.count', { count: total }),
      clinics: clinics.map((clinic) => ({
        href: `/c/${clinic.slug}`,
        name: clinic.name,
        initials: initialsOf(clinic.name),
        specialty: specialtyName(clinic.specialty),
        place: t('site.directory.place', { city: isolated(clinic.city), country: countryName(clinic.country) }),
      })),
      pagination: {
        previous: page > 1 ? address(page - 1) : undefined,
        next: page < pages ? address(page + 1) : undefined,
        summary: pages > 1 ? t('site.directory.page', { page, pages }) : undefined,
      },
    },
    { index: !searched && page === 1 },
  )
}

/** One of each city, however its clinics write it. */
function uniqueCities(cities: string[]): string[] {
  return [...new Map(cities.map((city) => [city.toLowerCase(), city])).values()]
}
