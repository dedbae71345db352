// What somebody at the desk can do: see the day and take visits through it, book and move, look up people and messages.
import { clinicRouter } from '../../platform/web/routers.ts'
import { bookingRoutes } from './routes/booking.ts'
import { messageRoutes } from './routes/messages.ts'
import { patientRoutes } from './routes/patients.ts'
import { stepRoutes } from './routes/steps.ts'
import { todayRoutes } from './routes/today.ts'

export const deskRoutes = clinicRouter('desk')

todayRoutes(deskRoutes)
bookingRoutes(deskRoutes)
stepRoutes(deskRoutes)
patientRoutes(deskRoutes)
messageRoutes(deskRoutes)
