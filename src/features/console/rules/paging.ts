// Pages of long lists: each begins where the one before ended, so the thousandth costs no more than the first, and what
// is added meanwhile moves nothing.

/** A row to go on from: what the list is sorted by, as text, and the row's id. */
export type Place = { key: string; id: string }
export type Look = { from: Place; back: boolean } | undefined

export const placeText = ({ key, id }: Place): string => `${id}~${key}`

/** `id~key` from an address; whatever else is the beginning. `valid` says whether the key can be one of this order. */
export function parseLook(after: unknown, before: unknown, valid: (key: string) => boolean): Look {
  const text = after ?? before
  if (typeof text !== 'string') return undefined
  const match = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})~([^\0]{0,300})$/u.exec(text)
  const [, id, key] = match ?? []
  if (id === undefined || key === undefined || !valid(key)) return undefined
  return { from: { id, key }, back: after === undefined }
}

/**
 * What of the rows found is shown, in the list's order, and where to go from there. `found` are up to one row more than
 * a page, in the direction looked.
 */
export function pageOf<Row>(found: readonly Row[], size: number, look: Look, placeOf: (row: Row) => Place) {
  const more = found.length > size
  const shown = look?.back ? found.slice(0, size).reverse() : found.slice(0, size)
  const [first, last] = [shown.at(0), shown.at(-1)]
  const hasPrevious = look?.back ? more : look !== undefined
  const hasNext = look?.back ? true : more
  return {
    shown,
    previous: hasPrevious && first !== undefined ? placeText(placeOf(first)) : undefined,
    next: hasNext && last !== undefined ? placeText(placeOf(last)) : undefined,
  }
}

/** An address with what is set of a query. */
export function withQuery(path: string, query: Record<string, string | undefined>): string {
  const set = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set).toString()}`
}
