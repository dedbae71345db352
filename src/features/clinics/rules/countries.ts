import type { Zone } from '../../../kernel/time.ts'

// The currency of each country and the zone most of its people live in. A clinic in another zone of its country says so
// when it signs up.
const facts: Record<string, string> = {
  AD: 'EUR Europe/Andorra', AE: 'AED Asia/Dubai', AF: 'AFN Asia/Kabul', AG: 'XCD America/Puerto_Rico',
  AI: 'XCD America/Puerto_Rico', AL: 'ALL Europe/Tirane', AM: 'AMD Asia/Yerevan', AO: 'AOA Africa/Lagos',
  AR: 'ARS America/Argentina/Buenos_Aires', AS: 'USD Pacific/Pago_Pago', AT: 'EUR Europe/Vienna',
  AU: 'AUD Australia/Sydney', AW: 'AWG America/Puerto_Rico', AX: 'EUR Europe/Helsinki', AZ: 'AZN Asia/Baku',
  BA: 'BAM Europe/Belgrade', BB: 'BBD America/Barbados', BD: 'BDT Asia/Dhaka', BE: 'EUR Europe/Brussels',
  BF: 'XOF Africa/Abidjan', BG: 'EUR Europe/Sofia', BH: 'BHD Asia/Bahrain', BI: 'BIF Africa/Maputo',
  BJ: 'XOF Africa/Lagos', BL: 'EUR America/Puerto_Rico', BM: 'BMD Atlantic/Bermuda', BN: 'BND Asia/Kuching',
  BO: 'BOB America/La_Paz', BQ: 'USD America/Puerto_Rico', BR: 'BRL America/Sao_Paulo', BS: 'BSD America/Toronto',
  BT: 'BTN Asia/Thimphu', BW: 'BWP Africa/Maputo', BY: 'BYN Europe/Minsk', BZ: 'BZD America/Belize',
  CA: 'CAD America/Toronto', CD: 'CDF Africa/Kinshasa', CF: 'XAF Africa/Lagos', CG: 'XAF Africa/Lagos',
  CH: 'CHF Europe/Zurich', CI: 'XOF Africa/Abidjan', CK: 'NZD Pacific/Rarotonga', CL: 'CLP America/Santiago',
  CM: 'XAF Africa/Lagos', CN: 'CNY Asia/Shanghai', CO: 'COP America/Bogota', CR: 'CRC America/Costa_Rica',
  CU: 'CUP America/Havana', CV: 'CVE Atlantic/Cape_Verde', CW: 'XCG America/Puerto_Rico', CY: 'EUR Asia/Nicosia',
  CZ: 'CZK Europe/Prague', DE: 'EUR Europe/Berlin', DJ: 'DJF Africa/Nairobi', DK: 'DKK Europe/Berlin',
  DM: 'XCD America/Puerto_Rico', DO: 'DOP America/Santo_Domingo', DZ: 'DZD Africa/Algiers',
  EC: 'USD America/Guayaquil', EE: 'EUR Europe/Tallinn', EG: 'EGP Africa/Cairo', ER: 'ERN Africa/Nairobi',
  ES: 'EUR Europe/Madrid', ET: 'ETB Africa/Nairobi', FI: 'EUR Europe/Helsinki', FJ: 'FJD Pacific/Fiji',
  FK: 'FKP Atlantic/Stanley', FM: 'USD Pacific/Pohnpei', FO: 'DKK Atlantic/Faroe', FR: 'EUR Europe/Paris',
  GA: 'XAF Africa/Lagos', GB: 'GBP Europe/London', GD: 'XCD America/Puerto_Rico', GE: 'GEL Asia/Tbilisi',
  GF: 'EUR America/Cayenne', GG: 'GBP Europe/London', GH: 'GHS Africa/Abidjan', GI: 'GIP Europe/Gibraltar',
  GL: 'DKK America/Nuuk', GM: 'GMD Africa/Abidjan', GN: 'GNF Africa/Abidjan', GP: 'EUR America/Puerto_Rico',
  GQ: 'XAF Africa/Lagos', GR: 'EUR Europe/Athens', GT: 'GTQ America/Guatemala', GU: 'USD Pacific/Guam',
  GW: 'XOF Africa/Bissau', GY: 'GYD America/Guyana', HK: 'HKD Asia/Hong_Kong', HN: 'HNL America/Tegucigalpa',
  HR: 'EUR Europe/Belgrade', HT: 'HTG America/Port-au-Prince', HU: 'HUF Europe/Budapest', ID: 'IDR Asia/Jakarta',
  IE: 'EUR Europe/Dublin', IL: 'ILS Asia/Jerusalem', IM: 'GBP Europe/London', IN: 'INR Asia/Kolkata',
  IQ: 'IQD Asia/Baghdad', IR: 'IRR Asia/Tehran', IS: 'ISK Africa/Abidjan', IT: 'EUR Europe/Rome',
  JE: 'GBP Europe/London', JM: 'JMD America/Jamaica', JO: 'JOD Asia/Amman', JP: 'JPY Asia/Tokyo',
  KE: 'KES Africa/Nairobi', KG: 'KGS Asia/Bishkek', KH: 'KHR Asia/Bangkok', KI: 'AUD Pacific/Tarawa',
  KM: 'KMF Africa/Nairobi', KN: 'XCD America/Puerto_Rico', KR: 'KRW Asia/Seoul', KW: 'KWD Asia/Kuwait',
  KY: 'KYD America/Panama', KZ: 'KZT Asia/Almaty', LA: 'LAK Asia/Bangkok', LB: 'LBP Asia/Beirut',
  LC: 'XCD America/Puerto_Rico', LI: 'CHF Europe/Zurich', LK: 'LKR Asia/Colombo', LR: 'LRD Africa/Monrovia',
  LS: 'LSL Africa/Johannesburg', LT: 'EUR Europe/Vilnius', LU: 'EUR Europe/Brussels', LV: 'EUR Europe/Riga',
  LY: 'LYD Africa/Tripoli', MA: 'MAD Africa/Casablanca', MC: 'EUR Europe/Paris', MD: 'MDL Europe/Chisinau',
  ME: 'EUR Europe/Belgrade', MF: 'EUR America/Puerto_Rico', MG: 'MGA Africa/Nairobi', MH: 'USD Pacific/Majuro',
  MK: 'MKD Europe/Belgrade', ML: 'XOF Africa/Abidjan', MM: 'MMK Asia/Yangon', MN: 'MNT Asia/Ulaanbaatar',
  MO: 'MOP Asia/Macau', MP: 'USD Pacific/Guam', MQ: 'EUR America/Martinique', MR: 'MRU Africa/Abidjan',
  MS: 'XCD America/Puerto_Rico', MT: 'EUR Europe/Malta', MU: 'MUR Indian/Mauritius', MV: 'MVR Indian/Maldives',
  MW: 'MWK Africa/Maputo', MX: 'MXN America/Mexico_City', MY: 'MYR Asia/Kuala_Lumpur', MZ: 'MZN Africa/Maputo',
  NA: 'NAD Africa/Windhoek', NC: 'XPF Pacific/Noumea', NE: 'XOF Africa/Lagos', NG: 'NGN Africa/Lagos',
  NI: 'NIO America/Managua', NL: 'EUR Europe/Brussels', NO: 'NOK Europe/Berlin', NP: 'NPR Asia/Kathmandu',
  NR: 'AUD Pacific/Nauru', NU: 'NZD Pacific/Niue', NZ: 'NZD Pacific/Auckland', OM: 'OMR Asia/Muscat',
  PA: 'PAB America/Panama', PE: 'PEN America/Lima', PF: 'XPF Pacific/Tahiti', PG: 'PGK Pacific/Port_Moresby',
  PH: 'PHP Asia/Manila', PK: 'PKR Asia/Karachi', PL: 'PLN Europe/Warsaw', PM: 'EUR America/Miquelon',
  PR: 'USD America/Puerto_Rico', PS: 'ILS Asia/Hebron', PT: 'EUR Europe/Lisbon', PW: 'USD Pacific/Palau',
  PY: 'PYG America/Asuncion', QA: 'QAR Asia/Qatar', RE: 'EUR Asia/Dubai', RO: 'RON Europe/Bucharest',
  RS: 'RSD Europe/Belgrade', RU: 'RUB Europe/Moscow', RW: 'RWF Africa/Maputo', SA: 'SAR Asia/Riyadh',
  SB: 'SBD Pacific/Guadalcanal', SC: 'SCR Asia/Dubai', SD: 'SDG Africa/Khartoum', SE: 'SEK Europe/Berlin',
  SG: 'SGD Asia/Singapore', SH: 'SHP Africa/Abidjan', SI: 'EUR Europe/Belgrade', SK: 'EUR Europe/Prague',
  SL: 'SLE Africa/Abidjan', SM: 'EUR Europe/Rome', SN: 'XOF Africa/Abidjan', SO: 'SOS Africa/Nairobi',
  SR: 'SRD America/Paramaribo', SS: 'SSP Africa/Juba', ST: 'STN Africa/Sao_Tome', SV: 'USD America/El_Salvador',
  SX: 'XCG America/Puerto_Rico', SY: 'SYP Asia/Damascus', SZ: 'SZL Africa/Johannesburg',
  TC: 'USD America/Grand_Turk', TD: 'XAF Africa/Ndjamena', TG: 'XOF Africa/Abidjan', TH: 'THB Asia/Bangkok',
  TJ: 'TJS Asia/Dushanbe', TL: 'USD Asia/Dili', TM: 'TMT Asia/Ashgabat', TN: 'TND Africa/Tunis',
  TO: 'TOP Pacific/Tongatapu', TR: 'TRY Europe/Istanbul', TT: 'TTD America/Puerto_Rico', TV: 'AUD Pacific/Tarawa',
  TW: 'TWD Asia/Taipei', TZ: 'TZS Africa/Nairobi', UA: 'UAH Europe/Kyiv', UG: 'UGX Africa/Nairobi',
  US: 'USD America/New_York', UY: 'UYU America/Montevideo', UZ: 'UZS Asia/Tashkent', VA: 'EUR Europe/Rome',
  VC: 'XCD America/Puerto_Rico', VE: 'VES America/Caracas', VG: 'USD America/Puerto_Rico',
  VI: 'USD America/Puerto_Rico', VN: 'VND Asia/Ho_Chi_Minh', VU: 'VUV Pacific/Efate', WF: 'XPF Pacific/Tarawa',
  WS: 'WST Pacific/Apia', YE: 'YER Asia/Aden', YT: 'EUR Africa/Nairobi', ZA: 'ZAR Africa/Johannesburg',
  ZM: 'ZMW Africa/Maputo', ZW: 'ZWG Africa/Maputo',
} // prettier-ignore

/** ISO 3166 alpha-2 of every country a clinic can be in. */
export const countryCodes: readonly string[] = Object.keys(facts)

export const isCountry = (code: string): boolean => Object.hasOwn(facts, code)

/** ISO 4217 of the money people pay with there. */
export const currencyOf = (country: string): string => factsOf(country)[0]

/** The time zone to begin with: where most people of the country live. */
export const zoneOf = (country: string): Zone => factsOf(country)[1]

function factsOf(country: string): [string, string] {
  const [currency, zone] = (facts[country] ?? '').split(' ')
  if (currency === undefined || zone === undefined) throw new Error(`no country ${country}`)
  return [currency, zone]
}
