export const policyCodes = ['terms', 'privacy', 'cookies', 'processors', 'security'] as const
export type PolicyCode = (typeof policyCodes)[number]

/** What a clinic agrees to; the other two tell how it is done. */
export const agreedCodes = ['terms', 'privacy', 'processors'] as const satisfies PolicyCode[]
/** Whether somebody says yes to it, or it only is to be read. */
export const isAgreed = (code: PolicyCode): boolean => agreedCodes.some((one) => one === code)
