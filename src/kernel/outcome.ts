/**
 * What an action answers when things a person can do something about go wrong. The value can't be read before `ok` is
 * checked. Whatever only a developer or operator can mend is thrown instead.
 */
export type Outcome<T, Reason extends string> = { ok: true; value: T } | { ok: false; reason: Reason }

/** The action did it; `value` is what the caller wants to know. */
export const done = <T>(value: T) => ({ ok: true, value }) as const
/** The action did not do it, and its transaction is rolled back. */
export const refuse = <R extends string>(reason: R) => ({ ok: false, reason }) as const
