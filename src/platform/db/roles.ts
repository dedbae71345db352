import type { Database } from './connect.ts'
import { rows } from './rows.ts'

/** Throws when the application's database role could get around row-level security: owner, superuser, BYPASSRLS. */
export async function refuseStrongRole(db: Database): Promise<void> {
  const [role] = await rows<{ name: string; strong: boolean; owns: boolean }>(
    db,
    `select current_user as name,
       r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication as strong,
       exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname in ('clinic', 'platform') and pg_has_role(current_user, c.relowner, 'member')) as owns
     from pg_roles r where r.rolname = current_user`,
  )
  if (!role || role.strong || role.owns) {
    throw new Error(
      `DATABASE_URL signs in as "${role?.name ?? '?'}", which could read across clinics. Use nabz_app: it owns nothing and may not bypass row security.`,
    )
  }
}
