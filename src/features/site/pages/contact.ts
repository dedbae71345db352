import { emptyForm, type Form } from '../../../kernel/forms.ts'
import type { View } from '../../../platform/web/views.ts'
import { requestTopics } from '../../requests/rules.ts'
import { sitePage, type Scene } from './frame.ts'

export function contactPage(scene: Scene, form: Form = emptyForm): View {
  const { t } = scene.speaker
  const field = (name: string, more: Record<string, unknown>) => ({
    name,
    label: t(`site.contact.field.${name}`),
    value: form.values[name] ?? '',
    error: form.errors[name],
    ...more,
  })
  return sitePage('site/contact', scene, {
    title: t('site.contact.title'),
    description: t('site.contact.lead'),
    lead: t('site.contact.lead'),
    form,
    scripts: ['/js/error-summary.js'],
    topic: field('topic', {
      type: 'radio',
      options: requestTopics.map((topic) => ({
        value: topic,
        label: t(`site.contact.topic.${topic}.label`),
        hint: t(`site.contact.topic.${topic}.hint`),
      })),
    }),
    fields: [
      field('name', { autocomplete: 'name', maxlength: 120 }),
      field('email', { type: 'email', autocomplete: 'email', hint: t('site.contact.field.email_hint') }),
      field('clinic', { required: false, hint: t('site.contact.field.clinic_hint'), maxlength: 120 }),
      field('message', { type: 'textarea', rows: 7, hint: t('site.contact.field.message_hint'), maxlength: 4000 }),
    ],
  })
}

/** `reference` as it came in the address; shown only if it looks like one of ours. */
export function contactSentPage(scene: Scene, reference: string | undefined): View {
  const { t } = scene.speaker
  return sitePage(
    'site/contact-sent',
    scene,
    {
      title: t('site.contact.sent_title'),
      description: t('site.contact.lead'),
      reference: reference !== undefined && /^[A-Z0-9-]{4,20}$/.test(reference) ? reference : undefined,
      next: ['mail', 'answer', 'privacy'].map((name) => t(`site.contact.next.${name}`)),
    },
    { index: false },
  )
}
