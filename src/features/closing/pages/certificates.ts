import type { Form } from '../../../kernel/forms.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { keyFingerprint, pemOf, type CertificateBody, type Verdict } from '../../../platform/seal/certificates.ts'
import { view, type View } from '../../../platform/web/views.ts'

/** A certificate for people to read; what counts is the file beside it. */
export function certificatePage(speaker: Speaker, facts: CertificateBody, publicKey: Buffer): View {
  return view('closing/certificate', {
    title: speaker.t('closing.certificate.title'),
    fileHref: `/certificates/${facts.id}/file`,
    ...certificateFacts(speaker, facts),
    signedBy: `Ed25519 ${keyFingerprint(publicKey)}`,
  })
}

function certificateFacts(speaker: Speaker, facts: CertificateBody) {
  const { t } = speaker
  // With its year and to the second: it is read years later.
  const time = (text: string) => `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`
  const counts = Object.entries(facts.erasedRows)
  return {
    number: facts.id,
    facts: [
      { label: t('closing.certificate.clinic'), value: facts.clinic, code: true },
      { label: t('closing.certificate.because'), value: t(`closing.kind.${facts.because}`) },
      { label: t('closing.certificate.asked'), value: time(facts.asked), code: true },
      { label: t('closing.certificate.erased'), value: time(facts.erased), code: true },
      {
        label: t('closing.certificate.key'),
        value: facts.key ?? t('closing.certificate.key_before'),
        code: facts.key !== null,
      },
      {
        label: t('closing.certificate.audit', { count: facts.audit.entries }),
        value: facts.audit.head,
        code: true,
      },
    ],
    total: t('closing.certificate.rows', { count: counts.reduce((sum, [, count]) => sum + count, 0) }),
    counts: counts.map(([table, count]) => ({ table, count: speaker.number(count) })),
    kept: facts.kept,
  }
}

export function keyPage(speaker: Speaker, keys: readonly Buffer[]): View {
  const { t } = speaker
  return view('closing/key', {
    title: t('closing.key.title'),
    keys: keys.map((key, index) => ({
      label: t(index === 0 ? 'closing.key.now' : 'closing.key.earlier'),
      pem: pemOf(key).trim(),
      fingerprint: keyFingerprint(key),
    })),
  })
}

export const pemText = (keys: readonly Buffer[]): string => keys.map(pemOf).join('')

/** The form, and below it what was found of the certificate last looked at. */
export function verifyPage(speaker: Speaker, form: Form, verdict?: Verdict): View {
  const { t } = speaker
  return view('closing/verify', {
    title: t('closing.verify.title'),
    command: 'npm run certificate:verify -- certificate.json --key nabz-certificates.pem',
    form,
    verdict: verdict && {
      ok: verdict.ok,
      title: t(verdict.ok ? 'closing.verify.valid' : `closing.verify.${verdict.reason}`),
      text: t(verdict.ok ? 'closing.verify.valid_text' : `closing.verify.${verdict.reason}_text`),
      ...(verdict.ok ? certificateFacts(speaker, verdict.certificate) : {}),
    },
    fields: [
      {
        name: 'text',
        type: 'textarea',
        rows: 8,
        dir: 'ltr',
        label: t('closing.verify.text'),
        required: false,
        value: form.values.text ?? '',
        error: form.errors.text,
      },
      {
        name: 'file',
        type: 'file',
        accept: '.json,application/json',
        label: t('closing.verify.file'),
        required: false,
        error: form.errors.file,
      },
    ],
    scripts: ['/js/error-summary.js'],
  })
}
