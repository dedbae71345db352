// What every page of the settings has: fields that keep what was typed.
import type { Form } from '../../kernel/forms.ts'
import type { Ctx } from '../../platform/clinic-scope.ts'

/** A field as `views/shared/field.ejs` draws it; the rest of its options are beside it there. */
export type Field = {
  name: string
  label: string
  value?: unknown
  error?: string | undefined
  [option: string]: unknown
}

export const at = (ctx: Ctx, path: string): string => `/app/${ctx.clinic.slug}${path}`

/** Gives fields what was typed into them and what is wrong with it. */
export const fieldIn =
  (form: Form) =>
  (field: Field): Field => ({
    ...field,
    value: field.type === 'checkboxes' ? words(form.values[field.name]) : (form.values[field.name] ?? ''),
    error: form.errors[field.name],
  })

const words = (text: string | undefined) => (text ?? '').split(/\s+/).filter((word) => word !== '')

export const formScripts = ['/js/error-summary.js']

/** A heading and rows of fields, each row side by side where there is room; what few need is folded away. */
export type FieldGroup = {
  title?: string
  text?: string
  link?: { href: string; label: string }
  rows: Field[][]
  folds?: { title: string; open: boolean; text?: string; rows: Field[][] }[]
}

type Row = {
  id: string
  name: string
  href: string
  initials?: string
  icon?: string
  meta: string[]
  note?: string
  task?: { href: string; label: string }
}

/** Rows in use as people see them, with their arrows, and those that are not, with a way back. */
export function listOf(ctx: Ctx, path: string, rows: (Row & { active: boolean })[]) {
  const inUse = rows.filter(({ active }) => active)
  return {
    rows: inUse.map((row, index) => ({
      ...row,
      positionAction: at(ctx, `${path}/${row.id}/position`),
      canMoveUp: index > 0,
      canMoveDown: index < inUse.length - 1,
    })),
    out: rows
      .filter(({ active }) => !active)
      .map((row) => ({ ...row, backAction: at(ctx, `${path}/${row.id}/deactivation/undo`) })),
  }
}
