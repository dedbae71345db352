export const paymentStatuses = ['declared', 'confirmed', 'rejected'] as const
export const documentKinds = ['invoice', 'receipt', 'credit_note'] as const
