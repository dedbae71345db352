// Forms posted by the page itself.
import express, { type Request, type RequestHandler } from 'express'
import { digitsOf } from './state.ts'

export const form = express.urlencoded({ extended: false })

/** The page's own forms only: it is mounted before the product's protection. Scripts send neither header. */
export const ownForms: RequestHandler = (req, res, next) => {
  const site = req.headers['sec-fetch-site']
  const { origin } = req.headers
  const own =
    site === undefined ? origin === undefined || origin.split('//')[1] === req.headers.host : site === 'same-origin'
  if (req.method === 'GET' || own || site === 'none') return next()
  res.status(403).type('text/plain').send('Not from another site.')
}

export const field = (req: Request, name: string): string => {
  const value = (req.body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}
export const back = (req: Request, number: string): string => `${req.baseUrl}/phone?number=${digitsOf(number)}`
