/** Entries of the platform's log that tell of an account's safety, or of somebody at a door that is not theirs. */
export const securityEvents = [
  'account.sign_in_refused',
  'account.factor_refused',
  'account.password_proven', // the password was right, the second step not yet
  'account.new_browser',
  'account.intruder_reported',
  'account.recovery_code_used',
  'account.reset_asked',
  'account.password_reset',
  'account.password_changed',
  'account.email_change_asked',
  'account.email_changed',
  'account.app_added',
  'account.app_removed',
  'account.passkey_added',
  'account.passkey_removed',
  'account.codes_renewed',
  'account.reset',
  'account.factor_reset_asked',
  'account.factor_reset_cancelled',
  'account.factor_reset',
  'access.denied',
  'access.tool_denied',
  'webhook.forged',
  'log.exported',
] as const

/** What else belongs to how an account was used. */
export const signInEvents = ['account.signed_in', 'account.signed_out', 'account.sessions_ended'] as const
