// What is held about a patient, for a program and for a reader.
import { phoneText } from '../../../kernel/phone.ts'
import { parseInstant } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { languageNames } from '../../../platform/i18n/languages.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { referenceText } from '../../appointments/rules.ts'
import type { PatientRecord } from '../actions/patient.ts'

/** For a program: every row about the patient, as an export of the clinic has them. */
export function patientFile(ctx: Ctx, { patient, held }: PatientRecord): { name: string; text: string } {
  const record = {
    format: 'nabz-patient',
    version: 1,
    madeAt: ctx.now.toString(),
    clinic: { name: ctx.clinic.name, slug: ctx.clinic.slug },
    ...held,
  }
  return { name: `nabz-patient-${patient.id}.json`, text: JSON.stringify(record, null, 2) }
}

/** For the patient: the same, to be read and printed; what `export/patient` prints. */
export function recordText(ctx: Ctx, speaker: Speaker, { patient, visits, held }: PatientRecord) {
  const { t } = speaker
  const when = (text: unknown) => {
    const instant = parseInstant(text)
    return instant ? speaker.dateTime(instant) : ''
  }
  return {
    title: t('export.patient.title', { name: patient.name }),
    name: patient.name,
    clinic: ctx.clinic.name,
    made: t('export.patient.made', { at: speaker.dateTime(ctx.now) }),
    facts: [
      { label: t('export.patient.phone'), text: phoneText(patient.phone), ltr: true },
      ...(patient.email === undefined ? [] : [{ label: t('export.patient.email'), text: patient.email, ltr: true }]),
      { label: t('export.patient.language'), text: languageNames[patient.language] },
      { label: t('export.patient.since'), text: speaker.dateTime(patient.createdAt) },
      { label: t('export.patient.id'), text: patient.id, ltr: true },
    ],
    visits: visits.map((visit) => ({
      when: speaker.dateTime(visit.startsAt),
      reference: referenceText(visit.reference),
      what: `${visit.serviceName} · ${visit.practitionerName} · ${visit.locationName}`,
      status: t(`export.status.${visit.status}`),
      note: held.appointments.find(({ id }) => id === visit.id)?.note ?? undefined,
    })),
    messages: held.messages.map((message) => ({
      when: when(message.created_at),
      to: message.recipient,
      text: message.body ?? t('export.patient.no_text'),
    })),
    inbound: held.inbound_messages.map((message) => ({ when: when(message.received_at), text: message.body })),
    consents: held.consents.map((consent) => ({
      when: when(consent.decided_at),
      text: t(`consents.purpose.${String(consent.purpose)}`),
      decision: t(`consents.decision.${String(consent.decision)}`),
      how: t(`consents.source.${String(consent.source)}`),
    })),
    log: held.audit_entries.map((entry) => ({
      when: when(entry.at),
      action: entry.action,
      who: entry.actor_role ?? entry.actor_kind,
    })),
  }
}
