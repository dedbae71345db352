import { emptyForm, filledForm, type Form } from '../../../kernel/forms.ts'
import type { UserId } from '../../../kernel/ids.ts'
import { factorGraceDays, roles } from '../../../kernel/permissions.ts'
import { phoneText } from '../../../kernel/phone.ts'
import { isBefore } from '../../../kernel/time.ts'
import type { Ctx } from '../../../platform/clinic-scope.ts'
import { notFound } from '../../../platform/errors.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { view, type View } from '../../../platform/web/views.ts'
import { findPractitionerOfUser, listPractitioners, type Practitioner } from '../../clinics/queries.ts'
import { countVisitsAhead } from '../../clinics/queries/visits.ts'
import { initialsOf } from '../../clinics/rules.ts'
import { settingsMenu } from '../../clinics/rules/settings.ts'
import { fieldIn, formScripts, type Field } from '../pages.ts'
import { findMember, listInvitations, listMembers } from '../queries.ts'
import { findFactorReset } from '../queries/factor-resets.ts'
import { getFactorPolicy, listMembersWithFactor } from '../queries/factors.ts'
import { leavesNoOwner } from '../rules.ts'

const at = (ctx: Ctx, path: string) => `/app/${ctx.clinic.slug}${path}`

export async function staffPage(ctx: Ctx, speaker: Speaker, form: Form = emptyForm): Promise<View> {
  const { t } = speaker
  const members = await listMembers(ctx.db, ctx.clinic.id)
  const invitations = await listInvitations(ctx.db, ctx.clinic.id)
  const practitioners = await listPractitioners(ctx)
  const withFactor = await listMembersWithFactor(ctx.db, ctx.clinic.id)
  const policy = await getFactorPolicy(ctx.db, ctx.clinic.id)
  const me = ctx.actor.kind === 'user' ? ctx.actor.userId : undefined
  const field = fieldIn(form)
  return view('accounts/staff', {
    title: t('accounts.staff.title'),
    scripts: formScripts,
    form,
    menu: settingsMenu(ctx, speaker, 'staff'),
    members: members.map(({ userId, name, email, role, phone, whatsapp, photo }) => {
      const doctor = practitioners.find((one) => one.userId === userId)?.name
      return {
        name,
        email,
        // Numbers of people, in no order but their own: twice the same is said once.
        phones: [...new Set([phone, whatsapp])].flatMap((one) => (one === null ? [] : [phoneText(one)])),
        photo: photo === null ? undefined : at(ctx, `/settings/staff/${userId}/photo?v=${photo}`),
        initials: initialsOf(name),
        role: t(`shared.role.${role}`),
        you: userId === me,
        factor: withFactor.includes(userId),
        href: at(ctx, `/settings/staff/${userId}`),
        ...(doctor === undefined || doctor === name ? {} : { doctor: t('accounts.staff.diary_of', { name: doctor }) }),
        ...(doctor === undefined && role === 'doctor' ? { note: t('accounts.staff.no_diary') } : {}),
      }
    }),
    invitations: invitations.map(({ id, email, role, expiresAt }) => ({
      email,
      role: t(`shared.role.${role}`),
      ...(isBefore(ctx.now, expiresAt)
        ? { until: t('accounts.staff.until', { date: speaker.date(expiresAt) }) }
        : { note: t('accounts.staff.expired') }),
      againAction: at(ctx, `/settings/staff/invitations/${id}/again`),
      withdrawAction: at(ctx, `/settings/staff/invitations/${id}/withdrawal`),
    })),
    inviteAction: at(ctx, '/settings/staff/invitations'),
    policy: {
      required: policy.required,
      text: t(`accounts.policy.${policy.required ? 'required' : 'relaxed'}`, { count: factorGraceDays }),
      // Whoever relaxed it is named here, where every owner sees it.
      note:
        policy.changedBy !== null && policy.since
          ? t(`accounts.policy.${policy.required ? 'required_by' : 'relaxed_by'}`, {
              name: policy.changedBy,
              date: speaker.date(policy.since),
            })
          : undefined,
      action: at(ctx, '/settings/second-factor'),
    },
    roles: at(ctx, '/settings/staff/roles'),
    inviteFields: [
      field({ name: 'email', type: 'email', label: t('accounts.field.email'), autocomplete: 'off' }),
      field(roleField(speaker)),
      ...doctorFields(speaker, practitioners, undefined).map(field),
    ],
  })
}

function roleField({ t }: Speaker): Field {
  return {
    name: 'role',
    type: 'radio',
    label: t('accounts.field.role'),
    options: roles.map((value) => ({
      value,
      label: t(`shared.role.${value}`),
      hint: t(`accounts.role_hint.${value}`),
    })),
    value: 'receptionist',
  }
}

/** Which doctor somebody is: those in use whom nobody else signs in as. */
function doctorFields({ t }: Speaker, practitioners: readonly Practitioner[], userId: UserId | undefined): Field[] {
  const free = practitioners.filter((doctor) => doctor.userId === userId || (doctor.active && doctor.userId === null))
  if (free.length === 0) return []
  return [
    {
      name: 'practitionerId',
      type: 'select',
      label: t('accounts.field.practitioner'),
      hint: t('accounts.field.practitioner_hint'),
      required: false,
      options: [
        { value: '', label: t('accounts.field.practitioner_none') },
        ...free.map(({ id, name }) => ({ value: id, label: name })),
      ],
    },
  ]
}

export async function memberPage(ctx: Ctx, speaker: Speaker, userId: UserId, refused?: Form): Promise<View> {
  const { t } = speaker
  const member = (await findMember(ctx.db, ctx.clinic.id, userId)) ?? notFound('member')
  const practitioners = await listPractitioners(ctx)
  const doctor = practitioners.find((one) => one.userId === userId)
  const hasFactor = (await listMembersWithFactor(ctx.db, ctx.clinic.id)).includes(userId)
  const you = ctx.actor.kind === 'user' && ctx.actor.userId === userId
  const reset = await findFactorReset(ctx.db, userId)
  const form = refused ?? filledForm({ role: member.role, practitionerId: doctor?.id ?? '' })
  const field = fieldIn(form)
  return view('accounts/member', {
    title: member.name,
    email: member.email,
    scripts: formScripts,
    form,
    menu: settingsMenu(ctx, speaker, 'staff'),
    back: { href: at(ctx, '/settings/staff'), label: t('accounts.staff.title') },
    action: at(ctx, `/settings/staff/${userId}`),
    cancel: at(ctx, '/settings/staff'),
    fields: [field(roleField(speaker)), ...doctorFields(speaker, practitioners, userId).map(field)],
    removal: at(ctx, `/settings/staff/${userId}/removal`),
    // One's own is found in one's own account.
    factorReset: hasFactor && !you && !reset ? at(ctx, `/settings/staff/${userId}/second-factor`) : undefined,
    takeBack:
      reset?.clinicId === ctx.clinic.id
        ? {
            text: t('accounts.reset_factor.here', {
              who: reset.askedBy ?? t('accounts.factor.somebody'),
              at: speaker.dateTime(reset.dueAt),
            }),
            action: at(ctx, `/settings/staff/${userId}/second-factor/cancellation`),
          }
        : undefined,
  })
}

/** The question before somebody is removed; for the last owner the answer is already no. */
export async function removalPage(ctx: Ctx, speaker: Speaker, userId: UserId, refused?: Form): Promise<View> {
  const { t } = speaker
  const members = await listMembers(ctx.db, ctx.clinic.id)
  const member = members.find((one) => one.userId === userId) ?? notFound('member')
  const you = ctx.actor.kind === 'user' && ctx.actor.userId === userId
  return view('accounts/removal', {
    title: t('accounts.removal.title', { name: member.name }),
    text: you ? t('accounts.removal.text_you') : t('accounts.removal.text'),
    menu: settingsMenu(ctx, speaker, 'staff'),
    back: { href: at(ctx, `/settings/staff/${userId}`), label: member.name },
    lastOwner: leavesNoOwner(members, userId),
    scripts: formScripts,
    form: refused ?? emptyForm,
    fields: await visitsFields(ctx, speaker, { userId, you }, refused ?? emptyForm),
    action: at(ctx, `/settings/staff/${userId}/removal`),
    cancel: at(ctx, '/settings/staff'),
  })
}

/** What is to become of the visits of a doctor who goes; nothing is asked when there are none. */
async function visitsFields(
  ctx: Ctx,
  { t }: Speaker,
  { userId, you }: { userId: UserId; you: boolean },
  form: Form,
): Promise<Field[]> {
  const practitioners = await listPractitioners(ctx, { activeOnly: true })
  const doctor = await findPractitionerOfUser(ctx, userId)
  const ahead = doctor ? await countVisitsAhead(ctx, 'practitioner', doctor.id) : 0
  if (!doctor || ahead === 0 || ctx.clinic.status !== 'active') return []
  const others = practitioners.filter(({ id }) => id !== doctor.id)
  const choices = (['keep', 'move', 'cancel'] as const).filter((one) => one !== 'move' || others.length > 0)
  const fields: Field[] = [
    {
      name: 'visits',
      type: 'radio',
      label: t('accounts.removal.visits', { visits: ahead }),
      options: choices.map((value) => ({
        value,
        label: t(`accounts.removal.${value}`),
        // What is left to be done later somebody else does.
        hint: t(`accounts.removal.${value}_hint${you && value !== 'cancel' ? '_you' : ''}`),
      })),
    },
  ]
  if (others.length > 0) {
    fields.push({
      name: 'to',
      type: 'select',
      label: t('accounts.removal.to'),
      required: false,
      options: [
        { value: '', label: t('accounts.removal.to_none') },
        ...others.map(({ id, name }) => ({ value: id, label: name })),
      ],
    })
  }
  return fields.map(fieldIn(form))
}
