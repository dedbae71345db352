/**
 * What an action answers when things a person can do something about go wrong. The value can't be read before `ok` is
 * checked. Whatever only a developer or operator can mend is thrown instead.
 */
export type Outcome<T, Reason extends string> = { ok: true; value: T } | { ok: false; reason: Reason }

export const done = <T>(value: T) => ({ ok: true, value }) as const
export const refuse = <R extends string>(reason: R) => ({ ok: false, reason }) as const
