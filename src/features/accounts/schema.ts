import { z } from 'zod'
import { checkbox, requiredEmail, requiredName } from '../../kernel/forms.ts'
import { roles } from '../../kernel/permissions.ts'
import { isCountry } from '../clinics/rules/countries.ts'
import { specialties } from '../clinics/rules.ts'

/** As typed: no trimming, no folding. Its length and strength are judged beside the names of person and clinic. */
const password = (missing: string) =>
  z.string({ error: missing }).min(1, missing).max(1000, 'accounts.error.password.too_long')

const email = requiredEmail('accounts.error.email_required', 'accounts.error.email_invalid')
const language = z.enum(['en', 'ar', 'ur'], { error: 'accounts.error.language' })

export const signUpForm = z.object({
  clinicName: requiredName('accounts.error.clinic_name_required', 100),
  city: requiredName('accounts.error.city_required', 80),
  country: z.string({ error: 'accounts.error.country' }).refine(isCountry, 'accounts.error.country'),
  specialty: z.enum(specialties, { error: 'accounts.error.specialty' }),
  language,
  name: requiredName('accounts.error.name_required'),
  email,
  password: password('accounts.error.password.required'),
})

export const signInForm = z.object({
  email,
  password: password('accounts.error.password.required'),
  next: z.string().optional(),
})

export const forgotForm = z.object({ email })
export const newPasswordForm = z.object({ password: password('accounts.error.password.required') })

export const changePasswordForm = z.object({
  current: password('accounts.error.current_required'),
  password: password('accounts.error.password.required'),
})

export const profileForm = z.object({
  name: requiredName('accounts.error.name_required'),
  shortcuts: checkbox(),
})

export const languageForm = z.object({ language })
export const themeForm = z.object({ theme: z.enum(['auto', 'light', 'dark'], { error: 'form.error.invalid' }) })

const role = z.enum(roles, { error: 'accounts.error.role' })
export const invitationForm = z.object({ email, role, practitionerId: z.string().optional() })
export const memberForm = z.object({ role, practitionerId: z.string().optional() })
export const joinForm = z.object({
  name: requiredName('accounts.error.name_required'),
  password: password('accounts.error.password.required'),
})
