// A patient's own side of a clinic: proving a number, and everything the clinic holds about whoever it belongs to. No
// account and no cookie of its own; the address and the browser it was begun in open it together, for half an hour.
import { patientRouter } from '../../platform/web/routers.ts'
import { enterRoutes } from './routes/enter.ts'
import { ownRoutes } from './routes/own.ts'

export const portalRoutes = patientRouter('portal')

enterRoutes(portalRoutes)
ownRoutes(portalRoutes)
