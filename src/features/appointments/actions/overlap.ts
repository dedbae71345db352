/**
 * Whether the database refused because the place is taken (23P01). Only good for turning the refusal into an answer: the
 * transaction is over and `inClinic` rolls it back when it sees that answer.
 */
export function isOverlap(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '23P01'
}
