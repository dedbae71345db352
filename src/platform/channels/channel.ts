/**
 * What became of one attempt to send.
 *
 * `unknown` is not a failure: the peer may have taken the message, and only its later word, or some minutes of silence,
 * will tell. Whoever resends it at once sends it twice.
 */
export type SendResult =
  | { kind: 'accepted'; providerId?: string; address?: string }
  | {
      kind: 'retry'
      code: string
      detail?: string
      /** Seconds the peer asked for. */
      after?: number
      /** How often in all this answer is worth another try. */
      tries?: number
      /** The answer is about the sender, not this message: everybody waits. */
      slowSender?: boolean
    }
  | { kind: 'hold'; scope: 'sender' | 'template'; code: string; detail?: string; minutes: number }
  | { kind: 'final'; code: string; detail?: string; undeliverable?: boolean }
  | { kind: 'unknown'; code: string; detail?: string }

export type Channel<Payload> = {
  send(payload: Payload): Promise<SendResult>
  close(): void
}
