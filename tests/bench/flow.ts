// A patient's way from the times of a day to the booked visit, as a browser without scripts goes it.
import { randomInt } from 'node:crypto'
import { dateAt } from '../../src/kernel/time.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { slug, withClient, zone, type Diary } from './fixtures.ts'
import { Browser, formsOf, type Answer, type Form } from './load.ts'

/** Somebody with a slot held and the details still to send. */
export type Ready = {
  /** Sends the last form; answers its request id. Throws when that does not book. */
  book(): Promise<string>
  /** The same browser, with the server elsewhere. */
  moveTo(origin: string): void
}

/** Patients who come one after another: each with a number, an address and a browser of their own. */
export class Patients {
  readonly #origin: string
  readonly #diary: Diary
  #next = 0
  /** Times somebody else was faster between seeing a slot and taking it. */
  lost = 0

  constructor(origin: string, diary: Diary) {
    this.#origin = origin
    this.#diary = diary
  }

  come(): Patient {
    const number = this.#next++
    return new Patient(this.#origin, this.#diary, number)
  }

  /** Books a free slot; answers the ids of all requests of the flow. */
  async bookOne(): Promise<string[]> {
    const patient = this.come()
    try {
      const { holding, requestIds } = await this.hold(patient)
      const sent = await patient.send(holding)
      const booked = await patient.browser.get(sent.location!)
      expect(booked, 200)
      return [...requestIds, sent.requestId, booked.requestId]
    } finally {
      patient.browser.close()
    }
  }

  /** Sees the times and takes one, another if somebody was faster. */
  async hold(patient: Patient): Promise<{ holding: Form; requestIds: string[] }> {
    for (let tries = 0; tries < 10; tries++) {
      const attempt = await patient.take()
      if (attempt.holding) return { holding: attempt.holding, requestIds: attempt.requestIds }
      this.lost++
    }
    throw new Error('ten slots in a row were lost')
  }
}

export async function bookToTheLast(patients: Patients): Promise<Ready> {
  const patient = patients.come()
  const { holding } = await patients.hold(patient)
  return {
    book: async () => {
      try {
        return (await patient.send(holding)).requestId
      } finally {
        patient.browser.close()
      }
    },
    moveTo: (origin) => patient.browser.moveTo(origin),
  }
}

let numbers = 0

class Patient {
  readonly browser: Browser
  readonly #diary: Diary
  readonly #number: number
  readonly #phone = `0301${String(3_000_000 + numbers++)}`

  constructor(origin: string, diary: Diary, number: number) {
    // An address block of one's own: throttles count what comes from one household.
    this.browser = new Browser(origin, `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`)
    this.#diary = diary
    this.#number = number
  }

  /** The times of one of the next six weeks' days; every patient looks at another. */
  async times(day = 1 + (this.#number % 40), practitioner: string = 'any'): Promise<{ answer: Answer; slots: Form[] }> {
    const date = dateAt(systemClock.now(), zone).add({ days: day })
    const query = new URLSearchParams({
      service: this.#diary.clinic.serviceIds[0]!,
      practitioner,
      date: date.toString(),
    })
    const answer = await this.browser.get(`/c/${slug}/times?${query.toString()}`)
    expect(answer, 200)
    const slots = formsOf(answer.html).flatMap((form) =>
      form.buttons.map((button) => ({ ...form, fields: { ...form.fields, ...button } })),
    )
    if (slots.length === 0) throw new Error(`no free times on ${date.toString()}`)
    return { answer, slots }
  }

  async take(): Promise<{ holding?: Form; requestIds: string[] }> {
    const { answer, slots } = await this.times()
    return this.takeSlot(slots[randomInt(slots.length)]!, [answer.requestId])
  }

  async takeSlot(slot: Form, before: string[] = []): Promise<{ holding?: Form; requestIds: string[] }> {
    const held = await this.browser.post(slot.action, slot.fields)
    const requestIds = [...before, held.requestId]
    if (held.status === 409) return { requestIds }
    expect(held, 303)
    const page = await this.browser.get(held.location!)
    expect(page, 200)
    const holding = formsOf(page.html).find((form) => form.method === 'post' && form.names.includes('phone'))
    if (!holding) throw new Error('the details page has no form')
    return { holding, requestIds: [...requestIds, page.requestId] }
  }

  /** Sends the details. A visit is booked when the answer leads on to it. */
  async send(holding: Form): Promise<Answer> {
    const answer = await this.browser.post(holding.action, {
      ...holding.fields,
      name: `Ayesha Patient ${this.#number}`,
      phone: this.#phone,
      consent: 'yes',
    })
    expect(answer, 303)
    return answer
  }
}

function expect(answer: Answer, status: number): void {
  if (answer.status !== status)
    throw new Error(`answered ${answer.status} instead of ${status}:\n${answer.html.slice(0, 2_000)}`)
}

const raceDay = 41

/** Everyone sees the same free slot and presses its button at the same moment; whoever holds it goes on to book. */
export async function raceIntoOneSlot(
  patients: Patients,
  diary: Diary,
  count: number,
): Promise<{ patients: number; gotIn: number }> {
  const practitionerId = diary.clinic.practitionerIds[0]!
  const racers = Array.from({ length: count }, () => patients.come())
  const seen = await Promise.all(racers.map((racer) => racer.times(raceDay, practitionerId)))
  const slots = seen.map((one) => one.slots.at(-1)!)
  await Promise.all(
    racers.map(async (racer, at) => {
      const { holding } = await racer.takeSlot(slots[at]!)
      if (holding) await racer.send(holding)
      racer.browser.close()
    }),
  )
  // Nobody else ever books so late.
  const day = dateAt(systemClock.now(), zone).add({ days: raceDay })
  const booked = await withClient(diary.superuserUrl, (client) =>
    client.query<{ count: number }>(
      `select count(*)::int as count from clinic.appointments
       where clinic_id = $1 and practitioner_id = $2 and status = 'booked' and (starts_at at time zone $3)::date = $4::date`,
      [diary.clinic.id, practitionerId, zone, day.toString()],
    ),
  )
  return { patients: count, gotIn: booked.rows[0]?.count ?? 0 }
}
