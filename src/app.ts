import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import compression from 'compression'
import express, { type Express, type RequestHandler } from 'express'
import { verifyBanners } from './features/accounts/pages/account.ts'
import { factorBanners } from './features/accounts/pages/second-factor.ts'
import {
  accountRoutes,
  alertRoutes,
  confirmInPlace,
  confirmRoutes,
  emailLinkRoutes,
  emailRoutes,
  factorOperatorRoutes,
  factorStaffRoutes,
  factorVisitorRoutes,
  invitationRoutes,
  photoRoutes,
  secondFactorRoutes,
  secondStepRoutes,
  sessionRoutes,
  staffPhotoRoutes,
  staffRoutes,
  visitorRoutes,
} from './features/accounts/routes.ts'
import { announcementBanners } from './features/announcements/pages.ts'
import { dismissalRoutes, newsRoutes } from './features/announcements/routes.ts'
import { analyticsRoutes } from './features/analytics/routes.ts'
import { cardRoutes, stripeWebhookRoutes } from './features/billing/routes/card.ts'
import { slipRoutes, subscriptionRoutes } from './features/billing/routes/owner.ts'
import { apiOpenRoutes, apiRoutes, apiSettingsRoutes } from './features/api/routes.ts'
import { bookingRoutes } from './features/booking/routes/book.ts'
import { expiredForms } from './features/booking/routes/expired.ts'
import { bookingOpenRoutes } from './features/booking/routes/open.ts'
import { visitRoutes } from './features/booking/routes/visit.ts'
import { placeRoutes } from './features/booking/routes/place.ts'
import { soonerRoutes } from './features/booking/routes/sooner.ts'
import { waitingRoutes } from './features/booking/routes/waiting.ts'
import { calendarRoutes } from './features/calendar/routes.ts'
import { closingRoutes } from './features/closing/routes.ts'
import { certificateRoutes } from './features/closing/routes/certificates.ts'
import { closingConsoleRoutes } from './features/closing/routes/console.ts'
import { clinicsRoutes } from './features/clinics/routes.ts'
import { clinicHoursRoutes } from './features/clinics/routes/hours.ts'
import { clinicTimetableRoutes } from './features/clinics/routes/timetables.ts'
import { clinicPeopleRoutes } from './features/clinics/routes/people.ts'
import { documentRoutes } from './features/billing/routes/console.ts'
import { consoleRoutes } from './features/console/routes.ts'
import { consoleClinicRoutes } from './features/console/routes/clinic.ts'
import { consoleSubscriptionRoutes } from './features/console/routes/subscription.ts'
import { consolePaymentsRoutes } from './features/console/routes/payments.ts'
import { consolePlansRoutes } from './features/console/routes/plans.ts'
import { consoleAnnouncementsRoutes } from './features/console/routes/announcements.ts'
import { consoleClinicsRoutes } from './features/console/routes/clinics.ts'
import { operationsRoutes } from './features/console/routes/operations.ts'
import { consoleRequestsRoutes } from './features/console/routes/requests.ts'
import { consoleSupportRoutes } from './features/console/routes/support.ts'
import { deskRoutes } from './features/desk/routes.ts'
import { disruptionRoutes } from './features/disruptions/routes.ts'
import { exportRoutes } from './features/export/routes.ts'
import { queueRoutes } from './features/queue/routes.ts'
import { screenRoutes } from './features/queue/routes/screen.ts'
import { embedOpenRoutes, embedRoutes, embedScriptRoutes } from './features/embed/routes.ts'
import { feedOpenRoutes, feedRoutes } from './features/feeds/routes.ts'
import { rightsRoutes } from './features/rights/routes.ts'
import { answerRoutes } from './features/rights/routes/answer.ts'
import { webhookRoutes } from './features/messaging/routes.ts'
import { policyBanners } from './features/policies/pages/banner.ts'
import { policyConsoleRoutes } from './features/policies/routes/console.ts'
import { privacyNoticeRoutes } from './features/policies/routes/notice.ts'
import { policyOwnerRoutes } from './features/policies/routes/owner.ts'
import { portalRoutes } from './features/portal/routes.ts'
import { attendanceRoutes } from './features/attendance/routes.ts'
import { seriesRoutes } from './features/series/routes.ts'
import { siteFormRoutes, siteOpenRoutes, siteRoutes } from './features/site/routes.ts'
import { privacyRoutes } from './features/privacy/routes.ts'
import { retentionConsoleRoutes } from './features/privacy/routes/console.ts'
import { lookOnlyPage, supportBanners } from './features/support/pages.ts'
import { supportRoutes, visitorRoutes as supportVisitorRoutes } from './features/support/routes.ts'
import { activityRoutes, trailRoutes } from './features/trail/routes.ts'
import { waitlistRoutes } from './features/waitlist/routes.ts'
import { closedPage, subscriptionBanners } from './features/subscription/pages.ts'
import type { Services } from './platform/services.ts'
import { paymentPages } from './platform/channels/stripe-facts.ts'
import { csrf } from './platform/web/csrf.ts'
import { errorHandler, notFoundPage } from './platform/web/error-pages.ts'
import type { DeskNotices, StepUp } from './platform/web/routers.ts'
import { securityHeaders } from './platform/web/headers.ts'
import { healthz, readyz } from './platform/web/health.ts'
import { metricsPage } from './platform/web/metrics-page.ts'
import { ownHostOnly } from './platform/web/own-host.ts'
import { requestLog } from './platform/web/request-log.ts'
import { sessions } from './platform/web/session.ts'
import { cutSlowForms } from './platform/web/slow-bodies.ts'
import { cacheTemplates, publicFolder } from './platform/web/views.ts'

/** The whole application. `outside` is mounted before everything of ours: the demo's simulator, nothing in production. */
export function createApp(services: Services, outside?: RequestHandler): Express {
  const { config } = services
  cacheTemplates(config.cacheTemplates)
  const app = express()
  app.locals.services = services
  app.locals.deskNotices = {
    banners: [
      supportBanners(services),
      announcementBanners(services),
      policyBanners(services),
      subscriptionBanners,
      factorBanners,
      verifyBanners,
    ],
    closed: closedPage,
    lookOnly: lookOnlyPage,
  } satisfies DeskNotices
  app.locals.stepUp = confirmInPlace satisfies StepUp
  app.set('trust proxy', config.trustProxy)
  app.set('etag', false)
  app.disable('x-powered-by')

  app.use(requestLog(services))
  app.use(securityHeaders(config.secureCookies, paymentPages(config.stripe), config.analyticsScript))
  if (outside) app.use(outside)
  app.get('/healthz', healthz)
  app.get('/readyz', readyz)
  app.get('/metrics', metricsPage(services))
  app.use(ownHostOnly(config.baseUrl, config.production))
  // Kept as bytes, coded already, for everybody alike: what follows would only cost time.
  app.use(bookingOpenRoutes.express)
  app.use(siteOpenRoutes.express)
  app.use(compression())
  app.use(feedOpenRoutes.express)
  app.use(embedOpenRoutes.express)
  app.use(embedScriptRoutes.express)
  // By name, so that no page's address is first looked for among the files.
  const forYears = { maxAge: '1y', immutable: true, index: false } as const
  for (const name of readdirSync(publicFolder)) app.use(`/${name}`, express.static(join(publicFolder, name), forYears))
  app.use('/vendor/tabler', express.static(tablerFolder(), forYears))
  app.use('/vendor/passkeys', express.static(passkeyFolder(), forYears))

  // The first page asks who is signed in; it has no form, and so gives nobody a cookie.
  const session = sessions(services)
  app.get('/', session)
  app.use(siteRoutes.express)

  app.use(cutSlowForms)
  // What needs no form and no session comes before both.
  app.use('/webhooks', express.raw({ limit: '256kb', type: () => true }))
  app.use(webhookRoutes.express)
  app.use(stripeWebhookRoutes.express)
  app.use(screenRoutes.express)
  // A clinic's own tools, which carry a token.
  app.use('/oauth', express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 20 }))
  app.use(apiOpenRoutes.express)
  app.use(apiRoutes.express)

  const forms = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 300 })
  app.use(forms, csrf(config.secureCookies))
  // the clinic's public side
  app.use(bookingRoutes.express)
  app.use(privacyNoticeRoutes.express)
  app.use(visitRoutes.express)
  app.use(waitingRoutes.express)
  app.use(placeRoutes.express)
  app.use(soonerRoutes.express)
  app.use(answerRoutes.express)
  app.use(portalRoutes.express)
  app.use(siteFormRoutes.express)
  app.use(certificateRoutes.express)
  app.use(session)
  app.use(visitorRoutes.express)
  app.use(secondStepRoutes.express)
  app.use(factorVisitorRoutes.express)
  app.use(invitationRoutes.express)
  app.use(alertRoutes.express)
  app.use(emailLinkRoutes.express)
  app.use(accountRoutes.express)
  app.use(sessionRoutes.express)
  app.use(emailRoutes.express)
  app.use(photoRoutes.express)
  app.use(confirmRoutes.express)
  app.use(secondFactorRoutes.express)
  app.use(activityRoutes.express)
  app.use(newsRoutes.express)
  app.use(dismissalRoutes.express)
  app.use(supportVisitorRoutes.express)
  // the desk
  app.use(staffRoutes.express)
  app.use(staffPhotoRoutes.express)
  app.use(factorStaffRoutes.express)
  app.use(clinicsRoutes.express)
  app.use(clinicPeopleRoutes.express)
  app.use(clinicTimetableRoutes.express)
  app.use(clinicHoursRoutes.express)
  app.use(seriesRoutes.express)
  app.use(attendanceRoutes.express)
  app.use(deskRoutes.express)
  app.use(waitlistRoutes.express)
  app.use(disruptionRoutes.express)
  app.use(queueRoutes.express)
  app.use(calendarRoutes.express)
  app.use(subscriptionRoutes.express)
  app.use(cardRoutes.express)
  app.use(supportRoutes.express)
  app.use(exportRoutes.express)
  app.use(rightsRoutes.express)
  app.use(privacyRoutes.express)
  app.use(closingRoutes.express)
  app.use(policyOwnerRoutes.express)
  app.use(apiSettingsRoutes.express)
  app.use(feedRoutes.express)
  app.use(embedRoutes.express)
  app.use(trailRoutes.express)

  app.use(consoleRoutes.express)
  app.use(documentRoutes.express)
  app.use(consoleClinicRoutes.express)
  app.use(consoleSubscriptionRoutes.express)
  app.use(consolePaymentsRoutes.express)
  app.use(consolePlansRoutes.express)
  app.use(analyticsRoutes.express)
  app.use(slipRoutes.express)
  app.use(consoleClinicsRoutes.express)
  app.use(operationsRoutes.express)
  app.use(retentionConsoleRoutes.express)
  app.use(consoleRequestsRoutes.express)
  app.use(policyConsoleRoutes.express)
  app.use(consoleAnnouncementsRoutes.express)
  app.use(consoleSupportRoutes.express)
  app.use(closingConsoleRoutes.express)

  app.use(factorOperatorRoutes.express)

  app.use(notFoundPage)
  app.use(expiredForms)
  app.use(errorHandler)
  return app
}

function tablerFolder(): string {
  return join(fileURLToPath(import.meta.resolve('@tabler/core/package.json')), '../dist')
}

/** The browser's half of SimpleWebAuthn, as the package brings it. */
function passkeyFolder(): string {
  return join(fileURLToPath(import.meta.resolve('@simplewebauthn/browser')), '../../dist/bundle')
}
