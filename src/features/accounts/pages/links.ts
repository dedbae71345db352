import type { Form } from '../../../kernel/forms.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { formScripts, type Words } from '../pages.ts'
import type { LinkPurpose } from '../queries/tokens.ts'

/** What the link of a mail leads to: says what it does, and does it only when the button is pressed. */
export function askPage({ t }: Words, purpose: LinkPurpose, email: string | null, action: string, form: Form): View {
  return view('accounts/link', {
    title: t(`accounts.${purpose}.title`),
    lead: t(`accounts.${purpose}.lead`),
    submit: t(`accounts.${purpose}.submit`),
    scripts: formScripts,
    email,
    action,
    form,
  })
}
