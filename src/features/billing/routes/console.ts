// The books as people of the platform see them.
import { idParam, operatorRouter } from '../../../platform/web/routers.ts'
import { anyDocumentPage } from '../pages/document.ts'

export const documentRoutes = operatorRouter('billing')

documentRoutes.get('/documents/:id', 'console.money', async ({ req, services, speaker, show }) => {
  show(await anyDocumentPage(services, speaker, idParam<'document'>(req, 'id')), { layout: 'bare' })
})
