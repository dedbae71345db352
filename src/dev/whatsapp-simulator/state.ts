// What Meta's side remembers: templates, messages, phones, and the webhooks that have not been delivered yet.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export type Button =
  | { kind: 'reply'; text: string; payload: string }
  | { kind: 'url'; text: string; url: string }
  | { kind: 'copy'; text: string; code: string }

export type StatusName = 'sent' | 'delivered' | 'read' | 'failed'

/** One line of a conversation as the phone has it. `in` is what the business sent, `out` what the person wrote. */
export type Bubble = {
  id: string
  direction: 'in' | 'out'
  at: number
  text: string
  buttons: Button[]
  template?: string
  /** Of what the business sent: how far it came, and the string to hand back in every status. */
  status?: StatusName | 'accepted'
  opaque?: string
  /** Of what the person wrote: the message it answers. */
  answers?: string
}

export type Phone = { number: string; bubbles: Bubble[]; unread: number; windowUntil: number }

export type Template = {
  id: string
  name: string
  language: string
  category: string
  status: string
  components: Record<string, unknown>[]
}

export type Kept = { phones: Phone[]; templates: Template[]; next: number }

/** Digits only, as Meta names a person. */
export const digitsOf = (number: string): string => number.replace(/\D/g, '')

export class SimulatorState {
  readonly phones = new Map<string, Phone>()
  readonly templates = new Map<string, Template>()
  private next = 1
  private readonly file: string | undefined

  constructor(file?: string) {
    this.file = file
    if (file !== undefined) this.load(file)
  }

  phone(number: string): Phone {
    const digits = digitsOf(number)
    let phone = this.phones.get(digits)
    if (!phone) {
      phone = { number: digits, bubbles: [], unread: 0, windowUntil: 0 }
      this.phones.set(digits, phone)
    }
    return phone
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

  reset(): void {
    this.phones.clear()
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
