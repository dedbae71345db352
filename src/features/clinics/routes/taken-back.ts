// What is said of things that were taken away, or put back where they were.
import type { Request } from 'express'
import { flash } from '../../../platform/web/session.ts'

type Done = { ok: boolean }

/** With a button that takes it back at `undo`. */
export function sayRemoved(req: Request, removed: Done, key: string, undo: string): void {
  flash(req, removed.ok ? { kind: 'success', key, undo } : { kind: 'error', key: 'clinics.flash.changed_meanwhile' })
}

export function sayRestored(req: Request, restored: Done): void {
  flash(
    req,
    restored.ok
      ? { kind: 'success', key: 'clinics.flash.restored' }
      : { kind: 'error', key: 'clinics.flash.changed_meanwhile' },
  )
}
