import { v7 } from 'uuid'

declare const idOf: unique symbol
/** A UUID that is known to name a row of one table; a bare string is none. */
export type Id<Table extends string> = string & { readonly [idOf]: Table }

export type ClinicId = Id<'clinic'>
export type UserId = Id<'user'>
export type PractitionerId = Id<'practitioner'>
export type LocationId = Id<'location'>
export type ServiceId = Id<'service'>
export type PatientId = Id<'patient'>
export type AppointmentId = Id<'appointment'>
export type MessageId = Id<'message'>
export type SeriesId = Id<'series'>

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A new time-ordered UUIDv7. Made here rather than by the database, so that a row's id is known before it is written. */
export function newId<T extends string>(): Id<T> {
  return v7() as Id<T>
}

/** The id, if `text` is a UUID in the one canonical spelling; Postgres would take more spellings, we don't. */
export function parseId<T extends string>(text: unknown): Id<T> | undefined {
  return typeof text === 'string' && uuid.test(text) ? (text as Id<T>) : undefined
}
