// What tests of the console share: many clinics at once, and how many statements a page sends.
import { statementsOf } from '../booking/patient.ts'
import type { TestApp } from '../support/app.ts'
import { plainText } from '../support/http.ts'

/**
 * So many clinics with their owners and subscriptions, made in a few statements. The n-th is called "Clinic 000n" with a
 * word of its own, lies in one of five countries, and was last active n % 40 days ago.
 */
export async function makeManyClinics(app: Pick<TestApp, 'superuser' | 'clock'>, count: number): Promise<void> {
  const now = app.clock.now().toString()
  await app.superuser(
    `with made as (
       select n, gen_random_uuid() as user_id, gen_random_uuid() as clinic_id from generate_series(1, $2::int) n),
     people as (
       insert into platform.users (id, email, name, password_hash, created_at)
       select user_id, 'owner' || n || '@many.test', 'Owner ' || n, 'x', $1 from made),
     clinics as (
       insert into platform.clinics (id, slug, name, name_key, city, country, specialty, time_zone, currency, language,
         created_at, last_active_on, bookings_this_month, messages_this_month, plan, booking_limit, message_limit)
       select clinic_id, 'many-' || n, 'Clinic ' || lpad(n::text, 5, '0') || ' ' || (array['Noor', 'Shifa', 'Rahma', 'Amal'])[1 + n % 4],
         'clinic ' || lpad(n::text, 5, '0') || ' ' || (array['noor', 'shifa', 'rahma', 'amal'])[1 + n % 4],
         (array['Karachi', 'Cairo', 'Dubai', 'London', 'Lahore'])[1 + n % 5], (array['PK', 'EG', 'AE', 'GB', 'PK'])[1 + n % 5],
         'general_practice', 'Asia/Karachi', 'PKR', 'en', $1, ($1::timestamptz)::date - (n % 40), (n * 7) % 900, (n * 13) % 3000,
         (array['free', 'solo', 'clinic', 'group'])[1 + n % 4], 600, 2500
       from made),
     words as (
       insert into platform.clinic_words (word, clinic_id)
       select distinct w, clinic_id from made, unnest(array['clinic', lpad(n::text, 5, '0'), 'many', n::text,
         (array['noor', 'shifa', 'rahma', 'amal'])[1 + n % 4], (array['karachi', 'cairo', 'dubai', 'london', 'lahore'])[1 + n % 5]]) w)
     insert into platform.memberships (clinic_id, user_id, role, created_at)
     select clinic_id, user_id, 'owner', $1 from made`,
    [now, count],
  )
  await app.superuser(`insert into platform.diaries (clinic_id) select id from platform.clinics on conflict do nothing`)
  await app.superuser(
    `insert into platform.subscriptions (clinic_id, plan_id, status, status_since, billing_interval, currency, net_minor,
       period_start, period_end, billing_day, created_at)
     select c.id, p.id, (array['trialing', 'active', 'active', 'active', 'past_due', 'expired'])[1 + substr(c.slug, 6)::int % 6],
       $1, 'month', 'PKR', 600000, $1, $1::timestamptz + interval '20 days', 1, $1
     from platform.clinics c join platform.plans p on p.code = c.plan where c.slug like 'many-%'`,
    [now],
  )
  await app.superuser('analyze')
}

/** The statements a request costs, without what a new connection is greeted with. */
export async function statementsFor(request: () => Promise<unknown>): Promise<string[]> {
  return (await statementsOf(request)).filter((text) => !/^select version\(\)/.test(text))
}

/** What a browser would post of the page's last form if nothing were changed: fields, choices, ticked boxes. */
export function filledIn(html: string): Record<string, string> {
  const form = [...html.matchAll(/<form\b[^>]*>([\s\S]*?)<\/form>/g)].map(([, body = '']) => body)
  const body = form.find((each) => each.includes('name="version"')) ?? ''
  const of = (tag: string, name: string) => new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1]
  const fields: Record<string, string> = {}
  for (const [, tag = ''] of body.matchAll(/<input\b([^>]*)>/g)) {
    const [name, type] = [of(tag, 'name'), of(tag, 'type')]
    if (name === undefined || name === '_csrf') continue
    if ((type === 'checkbox' || type === 'radio') && !/\schecked/.test(tag)) continue
    fields[name] = plainText(of(tag, 'value') ?? '')
  }
  for (const [, tag = '', options = ''] of body.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
    fields[of(tag, 'name') ?? ''] = /value="([^"]*)" selected/.exec(options)?.[1] ?? ''
  }
  for (const [, tag = '', text = ''] of body.matchAll(/<textarea\b([^>]*)>\n?([\s\S]*?)<\/textarea>/g)) {
    fields[of(tag, 'name') ?? ''] = plainText(text)
  }
  return fields
}
