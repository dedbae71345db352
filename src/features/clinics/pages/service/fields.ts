// What the groups of the form of a service have in common.
import type { Form } from '../../../../kernel/forms.ts'
import type { Ctx } from '../../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../../platform/i18n/speaker.ts'
import type { Field } from '../../pages.ts'

export type Draw = { ctx: Ctx; speaker: Speaker; form: Form; field: (field: Field) => Field }

export const number = { inputmode: 'numeric', dir: 'ltr', css: 'input-short' }
export const money = { inputmode: 'decimal', dir: 'ltr', required: false }

export const anyError = ({ errors }: Form, names: readonly string[]) => names.some((name) => errors[name] !== undefined)

export const anyTyped = ({ values }: Form, names: readonly string[]) =>
  names.some((name) => (values[name] ?? '') !== '')
