/**
 * Where to go back to after a step: only ever a page of this clinic's workspace, as a path. Whatever else was sent
 * (another site, another clinic, `/app/shifa/../other`) is answered with `otherwise`.
 */
export function ownPath(wanted: unknown, base: string, otherwise: string): string {
  if (typeof wanted !== 'string' || wanted.length > 1000) return otherwise
  try {
    const here = 'http://desk.invalid'
    const url = new URL(wanted, here)
    const path = url.pathname + url.search
    return url.origin === here && url.pathname.startsWith(`${base}/`) ? path : otherwise
  } catch {
    return otherwise
  }
}
