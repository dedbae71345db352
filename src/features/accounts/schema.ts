import { z } from 'zod'
import { checkbox, requiredEmail, requiredName, requiredText } from '../../kernel/forms.ts'
import { parsePhone } from '../../kernel/phone.ts'
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
  // Not typed by anybody: which policies the form showed.
  policies: z.string().max(200).catch(''),
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

/** A number may be left out. `country` is taken for one without its code. */
const phone = (country: string) =>
  z
    .string()
    .optional()
    .transform((text = '', issue) => {
      if (text.trim() === '') return null
      const read = parsePhone(text, country)
      if (read !== undefined) return read
      issue.addIssue({ code: 'custom', message: 'accounts.error.phone' })
      return z.NEVER
    })

export const profileForm = (country: string) =>
  z.object({
    name: requiredName('accounts.error.name_required'),
    phone: phone(country),
    whatsapp: phone(country),
    shortcuts: checkbox(),
  })

export const changeEmailForm = z.object({
  new_email: requiredEmail('accounts.error.email_required', 'accounts.error.email_invalid'),
})
export const endSessionForm = z.object({ session: z.uuid({ error: 'form.error.invalid' }) })

export const languageForm = z.object({ language })
export const themeForm = z.object({ theme: z.enum(['auto', 'light', 'dark'], { error: 'form.error.invalid' }) })

const role = z.enum(roles, { error: 'accounts.error.role' })
export const invitationForm = z.object({ email, role, practitionerId: z.string().optional() })
export const memberForm = z.object({ role, practitionerId: z.string().optional() })
export const removalForm = z.object({
  visits: z.enum(['keep', 'move', 'cancel'], { error: 'accounts.error.visits' }).optional(),
  to: z.string().optional(),
})
export const joinForm = z.object({
  name: requiredName('accounts.error.name_required'),
  password: password('accounts.error.password.required'),
})

export const codeForm = z.object({ code: requiredText('accounts.error.code_required', 60) })

/** What a browser answered for a passkey, as text. Read further where its signature is checked. */
const answer = z
  .string({ error: 'accounts.error.passkey_refused' })
  .min(1, 'accounts.error.passkey_refused')
  .max(40_000)
export const passkeyForm = z.object({ name: requiredName('accounts.error.passkey_name', 60), response: answer })
export const passkeySignInForm = z.object({ response: answer, next: z.string().optional() })

/** What may be offered beside any form as proof of who sends it. */
export const proofFields = z.object({
  confirm_password: z.string().max(1000).optional().catch(undefined),
  confirm_code: z.string().max(60).optional().catch(undefined),
  confirm_passkey: z.string().max(40_000).optional().catch(undefined),
})
export const confirmForm = z.object({ next: z.string().optional().catch(undefined) })

/** How a person was known to be themselves: a sentence, not a word. */
const documented = requiredText('accounts.error.proof_required', 1000).refine(
  (text) => [...text].length >= 20,
  'accounts.error.proof_short',
)
export const resetProofForm = z.object({ proof: documented })
export const operatorResetForm = z.object({ email, proof: documented })
export const factorPolicyForm = z.object({ required: z.enum(['yes', 'no'], { error: 'form.error.invalid' }) })
