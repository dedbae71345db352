// What others may do with the books and with subscriptions: everything starts from an account that is held.
export { accountOf, openAccount, type Account, type By } from '../subscription/actions/account.ts'
export { dueNow, openOrder, settle, voidOrder } from './actions/orders.ts'
export {
  confirmPayment,
  correctLedger,
  declarePayment,
  enterProviderPayment,
  enterProviderRefund,
  recordPayment,
  refund,
  rejectPayment,
  type ByHand,
  type Refund,
} from './actions/payments.ts'
export { liveOn } from './actions/life.ts'
