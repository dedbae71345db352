/** What a plan can have beside its limits. The words are `console.feature.<name>`. */
export const planFeatures = ['directory', 'priority_help'] as const

/** 16 % as it is typed: 1600 basis points. */
export const percentText = (basisPoints: number): string => String(basisPoints / 100)

/** The field of a price: of a plan in a country, or of a country's plan. */
export const priceName = (of: string, interval: string): string => `price_${of}_${interval}`
