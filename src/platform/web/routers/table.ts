// What every door has in common: a route is a path, a permission and a handler, and lands in the table of routes.
import { Router, type Request, type Response } from 'express'
import type { Permission } from '../../../kernel/permissions.ts'
import { refuseUnprovenToken } from '../csrf.ts'
import { readUpload } from '../uploads.ts'

/** `signed_in`: whoever has an account. Everything else names a permission of the one table in the kernel. */
export type Access = Permission | 'public' | 'signed_in'
export type Door = 'public' | 'patient' | 'account' | 'clinic' | 'operator' | 'api'

export type RouteOptions = {
  /** An event stream or a poll: does not count as activity of the session. */
  background?: boolean
  /** A form of the workspace that is taken while the clinic is read-only. All others are refused then. */
  whileReadOnly?: boolean
  /** For owners also while the clinic is locked or suspended: how they get out of it, and what they may take along. */
  whileLocked?: boolean
  /** A form with a file in it, at most this many bytes large. */
  upload?: { maxBytes: number }
  /**
   * Only for who proved to be themselves a few minutes ago; others are asked to first. A page leads back to itself then,
   * a form is taken with everything that was typed. `second`: only of who has a second factor, beside a form that asks
   * for the password itself.
   */
  stepUp?: true | 'second'
  /** Also for who must have a second factor and has none yet: how they get one, and the way out. */
  withoutFactor?: boolean
}
export type RouteEntry = {
  door: Door
  method: 'get' | 'post'
  path: string
  access: Access
  feature: string
  options: RouteOptions
}

/** Every route there is, filled as the features are loaded. */
export const routeTable: RouteEntry[] = []

export type Handler<R> = (request: R) => Promise<void> | void
export type Routes<R, A extends Access = Access> = {
  express: Router
  get(path: string, access: A, handler: Handler<R>, options?: RouteOptions): void
  post(path: string, access: A, handler: Handler<R>, options?: RouteOptions): void
}

/**
 * A door: its routes stand under `base`, count as the feature's, and each is entered in `routeTable`. `open` finds
 * out who is there and what they may do; where it answers undefined it has answered the request, and no handler runs.
 */
export function routes<R, A extends Access>(
  door: Door,
  base: string,
  feature: string,
  open: (req: Request, res: Response, access: A, options: RouteOptions) => Promise<R | undefined>,
): Routes<R, A> {
  const express = Router({ mergeParams: true, strict: false, caseSensitive: true })
  const add =
    (method: 'get' | 'post') =>
    (path: string, access: A, handler: Handler<R>, options: RouteOptions = {}) => {
      const full = base + (path === '/' && base !== '' ? '' : path)
      // What was chosen in a file field can't be kept while somebody proves who they are.
      if (options.stepUp && options.upload) throw new Error(`${full} can't ask for proof and take a file`)
      routeTable.push({ door, method, path: full, access, feature, options })
      express[method](full === '' ? '/' : full, async (req, res) => {
        if (!options.upload) refuseUnprovenToken(req)
        const request = await open(req, res, access, options)
        if (request === undefined) return
        // Only now, so that strangers can't make us hold large files.
        if (options.upload) await readUpload(req, res, options.upload)
        await handler(request)
      })
    }
  return { express, get: add('get'), post: add('post') }
}
