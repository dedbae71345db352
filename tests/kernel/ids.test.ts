import { expect, it } from 'vitest'
import { newId, parseId } from '../../src/kernel/ids.ts'

it('makes ids that are new, ordered by time and readable', () => {
  const ids = Array.from({ length: 500 }, () => newId<'patient'>())
  expect(new Set(ids).size).toBe(500)
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(parseId(id)).toBe(id)
  expect(ids[0]![14]).toBe('7')
})

it.each(['0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'])('takes %s', (text) => {
  expect(parseId(text)).toBe(text)
})

it.each([
  '',
  '0190A6C0-7E5A-7C3D-9B1E-3F2A1B4C5D6E',
  '{0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e}',
  '0190a6c07e5a7c3d9b1e3f2a1b4c5d6e',
  'urn:uuid:0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e',
  ' 0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e',
  '0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e\n',
  '0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6',
  '0190a6c0-7e5a-7c3d-cb1e-3f2a1b4c5d6e',
  '00000000-0000-0000-0000-000000000000',
  'new',
  42,
  null,
  undefined,
  ['0190a6c0-7e5a-7c3d-9b1e-3f2a1b4c5d6e'],
])('refuses %j', (value) => {
  expect(parseId(value)).toBeUndefined()
})
