// Who gets in: opening a clinic, signing in and out, a forgotten password, invitations, one's own account, the staff.
export { accountRoutes } from './routes/account.ts'
export { confirmInPlace, confirmRoutes } from './routes/confirm.ts'
export { factorOperatorRoutes, factorStaffRoutes, factorVisitorRoutes } from './routes/factor-resets.ts'
export { invitationRoutes } from './routes/invitations.ts'
export { secondFactorRoutes } from './routes/second-factor.ts'
export { secondStepRoutes } from './routes/second-step.ts'
export { staffRoutes } from './routes/staff.ts'
export { visitorRoutes } from './routes/visitors.ts'
