// Who gets in: opening a clinic, signing in and out, a forgotten password, invitations, one's own account, the staff.
export { accountRoutes } from './routes/account.ts'
export { invitationRoutes } from './routes/invitations.ts'
export { staffRoutes } from './routes/staff.ts'
export { visitorRoutes } from './routes/visitors.ts'
