import { emptyForm, type Form } from '../../../kernel/forms.ts'
import { callingCode, phoneText, type Phone } from '../../../kernel/phone.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { clinicPhone, homeOf } from '../../booking/rules/head.ts'
import { frameOf, startOf, type Scene } from './frame.ts'

/** What somebody can see and do here, and the number it begins with. */
export function startPage(scene: Scene, sender: string, form: Form = emptyForm, wrong?: string): View {
  const { clinic, speaker, url } = scene
  const { t } = speaker
  return view('portal/start', {
    title: t('portal.start.title', { clinic: clinic.name }),
    ...frameOf(scene),
    back: { href: homeOf(scene), label: t('portal.back.clinic') },
    form,
    wrong,
    scripts: ['/js/error-summary.js'],
    action: startOf(scene),
    field: {
      name: 'phone',
      label: t('portal.start.phone'),
      hint: t('portal.start.phone_hint', { code: `\u2066${callingCode(clinic.country)}\u2069` }),
      type: 'tel',
      autocomplete: 'tel',
      value: form.values.phone ?? '',
      error: form.errors.phone,
    },
    phone: clinicPhone(scene),
    startHref: `https://wa.me/${sender.replace(/\D/g, '')}?text=START`,
    policyHref: url('/privacy'),
  })
}

export function codePage(
  scene: Scene,
  waiting: { token: string; number: Phone },
  form: Form = emptyForm,
  wrong?: string,
): View {
  const { speaker } = scene
  const { t } = speaker
  return view('portal/code', {
    title: t('portal.code.title'),
    ...frameOf(scene),
    back: { href: startOf(scene), label: t('portal.code.change') },
    form,
    wrong,
    scripts: ['/js/error-summary.js'],
    action: homeOf(scene, `/privacy/codes/${waiting.token}`),
    number: phoneText(waiting.number),
    field: {
      name: 'code',
      label: t('portal.code.label'),
      hint: t('portal.code.hint'),
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      dir: 'ltr',
      css: 'input-code',
      value: form.values.code ?? '',
      error: form.errors.code,
    },
    phone: clinicPhone(scene),
  })
}

/** An address that opens nothing: never did, is over, or was begun in another browser. */
export function overPage(scene: Scene): View {
  return view('portal/over', {
    title: scene.speaker.t('portal.over.title'),
    ...frameOf(scene),
    againHref: startOf(scene),
  })
}

/** The clinic is closed: nothing can be looked at, and who answers instead. */
export function closedPage(scene: Scene): View {
  const { speaker, url } = scene
  return view('portal/closed', {
    title: speaker.t('portal.closed.title'),
    ...frameOf(scene),
    phone: clinicPhone(scene),
    contactHref: url('/contact'),
  })
}
