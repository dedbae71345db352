import { describeEveryPageOf } from './every-page.ts'

describeEveryPageOf(['owner'])
