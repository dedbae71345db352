import { filledForm, type Form } from '../../../kernel/forms.ts'
import { phoneText } from '../../../kernel/phone.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames, languages } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view } from '../../../platform/web/views.ts'
import { at, fieldIn, formScripts, type FieldGroup } from '../pages.ts'
import { getDiarySettings, getProfile } from '../queries.ts'
import {
  accents,
  codePolicies,
  isLive,
  missedRules,
  mayBeListed,
  missingForLive,
  noticeChoices,
  specialties,
  spokenLanguages,
  stepChoices,
  type Profile,
} from '../rules.ts'
import { settingsMenu } from '../rules/settings.ts'

export async function clinicPage(ctx: Ctx, speaker: Speaker, baseUrl: string, refused?: Form) {
  const { t } = speaker
  const settings = await getDiarySettings(ctx)
  const form = refused ?? filledForm(profileValues(ctx, settings.profile))
  const field = fieldIn(form)
  const publicPath = `/c/${ctx.clinic.slug}`
  return view('clinics/clinic', {
    title: t('clinics.clinic.title'),
    scripts: formScripts,
    menu: settingsMenu(ctx, speaker, 'clinic'),
    live: {
      on: isLive(ctx.clinic, settings),
      missing: missingForLive(ctx.clinic, settings).map((key) => t(key)),
      link: baseUrl + publicPath,
      href: publicPath,
      shareHref: at(ctx, '/settings/share'),
    },
    form,
    action: at(ctx, '/settings'),
    about: [
      field({ name: 'name', label: t('clinics.clinic.name'), autocomplete: 'organization', maxlength: 80 }),
      field({ name: 'city', label: t('clinics.clinic.city'), autocomplete: 'address-level2', maxlength: 80 }),
    ],
    specialty: field({
      name: 'specialty',
      type: 'select',
      label: t('clinics.clinic.specialty'),
      options: specialties.map((code) => ({ value: code, label: t(`clinics.specialty.${code}`) })),
    }),
    words: [
      field({
        name: 'about',
        type: 'textarea',
        rows: 3,
        label: t('clinics.clinic.about'),
        hint: t('clinics.clinic.about_hint'),
        required: false,
        maxlength: 600,
      }),
      field({
        name: 'bring_note',
        type: 'textarea',
        rows: 2,
        label: t('clinics.clinic.bring_note'),
        hint: t('clinics.clinic.bring_note_hint'),
        required: false,
        maxlength: 300,
      }),
    ],
    contact: [
      field({ name: 'phone', type: 'tel', label: t('clinics.clinic.phone'), required: false, autocomplete: 'tel' }),
      field({
        name: 'whatsapp',
        type: 'tel',
        label: t('clinics.clinic.whatsapp'),
        hint: t('clinics.clinic.whatsapp_hint'),
        required: false,
      }),
    ],
    speech: [
      field({
        name: 'language',
        type: 'select',
        label: t('clinics.clinic.language'),
        hint: t('clinics.clinic.language_hint'),
        options: languages.map((code) => ({ value: code, label: languageNames[code] })),
      }),
      field({
        name: 'languages',
        type: 'checkboxes',
        label: t('clinics.clinic.languages'),
        required: false,
        options: spokenLanguages.map((code) => ({ value: code, label: t(`clinics.spoken.${code}`) })),
      }),
    ],
    accent: {
      ...field({ name: 'accent', label: t('clinics.clinic.accent') }),
      hint: t('clinics.clinic.accent_hint'),
      options: accents.map((code) => ({ value: code, label: t(`clinics.accent.${code}`) })),
    },
    listed: mayBeListed(ctx.clinic)
      ? field({
          name: 'listed',
          type: 'checkbox',
          label: t('clinics.clinic.listed'),
          hint: t('clinics.clinic.listed_hint'),
        })
      : undefined,
  })
}

function profileValues({ clinic }: Ctx, profile: Profile): Record<string, string> {
  return {
    name: clinic.name,
    city: clinic.city,
    specialty: clinic.specialty,
    about: profile.about ?? '',
    phone: profile.phone === null ? '' : phoneText(profile.phone),
    whatsapp: profile.whatsapp === null ? '' : phoneText(profile.whatsapp),
    language: clinic.language,
    languages: profile.languages.join(' '),
    accent: clinic.accent,
    bring_note: profile.bringNote ?? '',
    ...(clinic.listed ? { listed: 'yes' } : {}),
  }
}

export async function rulesPage(ctx: Ctx, speaker: Speaker, refused?: Form) {
  const { t } = speaker
  const form = refused ?? filledForm(rulesValues(await getProfile(ctx)))
  const field = fieldIn(form)
  return view('clinics/edit', {
    title: t('clinics.rules.title'),
    lead: t('clinics.rules.lead'),
    scripts: formScripts,
    menu: settingsMenu(ctx, speaker, 'rules'),
    form,
    action: at(ctx, '/settings/rules'),
    submit: t('clinics.action.save'),
    groups: [
      {
        title: t('clinics.rules.when'),
        rows: [
          [
            field({
              name: 'notice',
              type: 'select',
              label: t('clinics.rules.notice'),
              hint: t('clinics.rules.notice_hint'),
              options: choices(noticeChoices, form.values.notice, (count) => noticeText(speaker, count)),
            }),
            field({
              name: 'horizon',
              label: t('clinics.rules.horizon'),
              hint: t('clinics.rules.horizon_hint'),
              inputmode: 'numeric',
              dir: 'ltr',
              css: 'input-short',
              suffix: t('clinics.unit.days'),
            }),
            field({
              name: 'step',
              type: 'select',
              label: t('clinics.rules.step'),
              hint: t('clinics.rules.step_hint'),
              options: choices(stepChoices, form.values.step, (count) => t('clinics.unit.minutes', { count })),
            }),
          ],
          [
            field({
              name: 'no_same_day',
              type: 'checkbox',
              label: t('clinics.rules.no_same_day'),
              hint: t('clinics.rules.no_same_day_hint'),
            }),
          ],
        ],
      },
      {
        title: t('clinics.rules.who'),
        rows: [
          [
            field({
              name: 'code',
              type: 'radio',
              label: t('clinics.rules.code'),
              hint: t('clinics.rules.code_hint'),
              options: codePolicies.map((code) => ({ value: code, label: t(`clinics.rules.code_${code}`) })),
            }),
          ],
          [
            field({
              name: 'max_open',
              label: t('clinics.rules.max_open'),
              hint: t('clinics.rules.max_open_hint'),
              inputmode: 'numeric',
              dir: 'ltr',
              css: 'input-short',
            }),
          ],
        ],
      },
      {
        title: t('attendance.rules.title'),
        rows: [
          [
            field({
              name: 'missed_rule',
              type: 'radio',
              label: t('attendance.rules.what'),
              hint: t('attendance.rules.what_hint'),
              options: missedRules.map((rule) => ({
                value: rule,
                label: t(`attendance.rules.${rule}`),
                hint: t(`attendance.rules.${rule}_hint`),
              })),
            }),
          ],
          [
            field({
              name: 'missed_after',
              type: 'select',
              label: t('attendance.rules.after'),
              hint: t('attendance.rules.after_hint'),
              css: 'input-medium',
              options: [1, 2, 3, 4, 5].map((count) => ({
                value: String(count),
                label: t('attendance.rules.visits', { count }),
              })),
            }),
          ],
        ],
      },
      {
        title: t('clinics.rules.messages'),
        rows: [
          [
            field({
              name: 'alert_email',
              type: 'email',
              label: t('clinics.rules.alert_email'),
              hint: t('clinics.rules.alert_email_hint'),
              required: false,
              autocomplete: 'email',
            }),
          ],
          [
            field({
              name: 'quiet_from',
              type: 'time',
              label: t('clinics.rules.quiet_from'),
              hint: t('clinics.rules.quiet_hint'),
              css: 'input-short',
            }),
            field({
              name: 'quiet_to',
              type: 'time',
              label: t('clinics.rules.quiet_to'),
              hint: t('clinics.rules.quiet_to_hint'),
              css: 'input-short',
            }),
          ],
        ],
      },
    ] satisfies FieldGroup[],
  })
}

/** The usual choices, and what is stored when it is none of them. */
function choices(usual: readonly number[], stored: string | undefined, label: (count: number) => string) {
  const own = stored !== undefined && /^\d{1,6}$/.test(stored) ? [Number(stored)] : []
  return [...new Set([...usual, ...own])]
    .sort((a, b) => a - b)
    .map((count) => ({ value: String(count), label: label(count) }))
}

export function noticeText({ t }: Speaker, minutes: number): string {
  if (minutes === 0) return t('clinics.rules.notice_none')
  if (minutes % 1440 === 0) return t('clinics.unit.days_before', { count: minutes / 1440 })
  if (minutes % 60 === 0) return t('clinics.unit.hours_before', { count: minutes / 60 })
  return t('clinics.unit.minutes_before', { count: minutes })
}

function rulesValues(profile: Profile): Record<string, string> {
  return {
    notice: String(profile.minNoticeMin),
    horizon: String(profile.horizonDays),
    no_same_day: profile.sameDay ? '' : 'yes',
    step: String(profile.slotStepMin),
    code: profile.codePolicy,
    max_open: String(profile.maxOpenBookings),
    missed_rule: profile.missedRule,
    missed_after: String(profile.missedAfter),
    alert_email: profile.alertEmail ?? '',
    quiet_from: profile.quietFrom.toString({ smallestUnit: 'minute' }),
    quiet_to: profile.quietTo.toString({ smallestUnit: 'minute' }),
  }
}
