// Many clinics at once, for lists that must stay fast. Made by SQL alone, so that the bench can use it too.
import type { TestApp } from '../support/app.ts'

/**
 * So many clinics with their owners and subscriptions, made in a few statements. The n-th is called "Clinic 000n" with a
 * word of its own, lies in one of five countries, and was last active n % 40 days ago.
 */
export async function makeManyClinics(app: Pick<TestApp, 'superuser'>, now: string, count: number): Promise<void> {
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
