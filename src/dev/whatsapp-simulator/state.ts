// What Meta's side remembers: templates, phones and what is on them.
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { latinDigits } from '../../kernel/money.ts'

export type Button =
  | { kind: 'reply'; text: string; payload: string }
  | { kind: 'url'; text: string; url: string }
  | { kind: 'copy'; text: string; code: string }

export type StatusName = 'sent' | 'delivered' | 'read' | 'failed'

/** What a person sees of a message. `text` is its body. */
export type Content = {
  text: string
  buttons: Button[]
  header?: string
  footer?: string
  template?: string
  /** What it is charged as: `utility`, `authentication`, `marketing`, or `service` for anything but a template. */
  category: string
}

/** One line of a conversation as the phone has it. `in` is what the business sent, `out` what the person wrote. */
export type Bubble = Omit<Content, 'category'> & {
  id: string
  direction: 'in' | 'out'
  at: number
  category?: string
  /** Of what the business sent: how far it came, and the string to hand back in every status. */
  status?: StatusName | 'accepted'
  opaque?: string
  /** Which of its buttons was tapped. */
  tapped?: number
  /** The message it answers. */
  answers?: string
  /** Of what the person wrote: whether the business has it, and has said that it was read. */
  taken?: boolean
  seen?: boolean
}

export type Phone = { number: string; bubbles: Bubble[]; unread: number; windowUntil: number }

export type Template = {
  id: string
  name: string
  language: string
  category: string
  status: string
  parameter_format?: string
  components: Record<string, unknown>[]
}

type Kept = { phones: Phone[]; templates: Template[]; next: number }

/** Digits only, as Meta names a person; however the number was typed. */
export const digitsOf = (number: string): string => latinDigits(number).replace(/\D/g, '').replace(/^00/, '')

/** The name by which a person is known who hides the number: the same for one number, telling nothing of it. */
export const userIdOf = (number: string): string =>
  `XX.${BigInt(`0x${createHash('sha256').update(number).digest('hex').slice(0, 16)}`).toString()}`

export class SimulatorState {
  readonly phones = new Map<string, Phone>()
  readonly templates = new Map<string, Template>()
  private next = 1
  private readonly file: string | undefined

  constructor(file?: string) {
    this.file = file
    if (file !== undefined) this.load(file)
  }

  findPhone(number: string): Phone | undefined {
    return this.phones.get(digitsOf(number))
  }

  /** The phone of a number; a new one if nobody heard of it. */
  phone(number: string): Phone {
    const digits = digitsOf(number)
    let phone = this.phones.get(digits)
    if (!phone) {
      phone = { number: digits, bubbles: [], unread: 0, windowUntil: 0 }
      this.phones.set(digits, phone)
    }
    return phone
  }

  phoneOfUser(userId: string): Phone | undefined {
    return [...this.phones.values()].find(({ number }) => userIdOf(number) === userId)
  }

  bubble(id: string): { phone: Phone; bubble: Bubble } | undefined {
    for (const phone of this.phones.values()) {
      const bubble = phone.bubbles.find((one) => one.id === id)
      if (bubble) return { phone, bubble }
    }
    return undefined
  }

  template(name: string, language: string): Template | undefined {
    return this.templates.get(`${name} ${language}`)
  }

  addTemplate(template: Omit<Template, 'id'>): Template {
    const kept = { ...template, id: String(900_000_000 + this.next++) }
    this.templates.set(`${template.name} ${template.language}`, kept)
    this.save()
    return kept
  }

  newMessageId(): string {
    return `wamid.${Buffer.from(`${this.next++}.${randomBytes(12).toString('hex')}`).toString('base64')}`
  }

  /** Forgets all conversations. Templates stay, approved again: they are the account's, not the traffic's. */
  reset(): void {
    this.phones.clear()
    for (const template of this.templates.values()) template.status = 'APPROVED'
    this.save()
  }

  save(): void {
    if (this.file === undefined) return
    const kept: Kept = { phones: [...this.phones.values()], templates: [...this.templates.values()], next: this.next }
    mkdirSync(dirname(this.file), { recursive: true })
    // Written aside and renamed: a kill in between leaves the old file whole.
    writeFileSync(`${this.file}.new`, JSON.stringify(kept))
    renameSync(`${this.file}.new`, this.file)
  }

  private load(file: string): void {
    let kept: Kept
    try {
      kept = JSON.parse(readFileSync(file, 'utf8')) as Kept
    } catch {
      return
    }
    for (const phone of kept.phones) this.phones.set(phone.number, phone)
    for (const template of kept.templates) this.templates.set(`${template.name} ${template.language}`, template)
    this.next = kept.next
  }
}
