// Access tokens of the API: JWTs as RFC 9068 has them, signed with Ed25519 by a key of this installation. What they say is
// never enough: whoever takes one asks the database whether its client still stands.
import { createPublicKey, randomUUID } from 'node:crypto'
import { compactVerify, exportJWK, SignJWT, type JWK } from 'jose'
import { z } from 'zod'
import { parseId, type ClinicId, type Id } from '../kernel/ids.ts'
import { isScope, type Scope } from '../kernel/permissions.ts'
import type { Clock } from './clock.ts'
import { deriveSigningKey } from './seal/envelope.ts'

export type ApiClientId = Id<'api_client'>
export type TokenClaims = { clientId: ApiClientId; clinicId: ClinicId; scopes: Scope[] }

/** Short, because a token that was copied opens as much as the one it was copied from. */
export const tokenMinutes = 10

export type ApiTokens = {
  issue(claims: TokenClaims): Promise<string>
  /** Undefined for whatever is not a token of ours that is valid now. */
  read(token: string): Promise<TokenClaims | undefined>
  /** For tools that want to check a token themselves. */
  publicKey(): Promise<JWK>
}

const algorithm = 'EdDSA'
const type = 'at+jwt'

const payload = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  sub: z.string(),
  clinic: z.string(),
  scope: z.string(),
})

/**
 * Issues and reads tokens that are good for `tokenMinutes`, at `<baseUrl>/api` and nowhere else. The key comes from
 * the master key: with another one, every token that is out is worth nothing.
 */
export function createApiTokens(masterKey: Buffer, baseUrl: string, clock: Clock): ApiTokens {
  const privateKey = deriveSigningKey(masterKey, 'api-token')
  const publicKey = createPublicKey(privateKey)
  const audience = `${baseUrl}/api`
  const seconds = () => Math.floor(clock.now().epochMilliseconds / 1000)
  return {
    issue: ({ clientId, clinicId, scopes }) =>
      new SignJWT({ clinic: clinicId, scope: scopes.join(' '), client_id: clientId })
        .setProtectedHeader({ alg: algorithm, typ: type })
        .setIssuer(baseUrl)
        .setAudience(audience)
        .setSubject(clientId)
        .setIssuedAt(seconds())
        .setExpirationTime(seconds() + tokenMinutes * 60)
        .setJti(randomUUID())
        .sign(privateKey),
    async read(token) {
      const verified = await compactVerify(token, publicKey, { algorithms: [algorithm] }).catch(() => undefined)
      if (verified?.protectedHeader.typ !== type) return undefined
      const claims = payload.safeParse(JSON.parse(Buffer.from(verified.payload).toString('utf8')))
      if (!claims.success || claims.data.iss !== baseUrl || claims.data.aud !== audience) return undefined
      // The library would ask the machine's own clock.
      if (claims.data.exp <= seconds() || claims.data.iat > seconds() + 60) return undefined
      const clientId = parseId<'api_client'>(claims.data.sub)
      const clinicId = parseId<'clinic'>(claims.data.clinic)
      if (!clientId || !clinicId) return undefined
      return { clientId, clinicId, scopes: claims.data.scope.split(' ').filter(isScope) }
    },
    publicKey: async () => ({ ...(await exportJWK(publicKey)), alg: algorithm, use: 'sig' }),
  }
}
