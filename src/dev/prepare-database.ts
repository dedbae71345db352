// What a superuser does once before the migrations can run: the three roles and an empty database of the owner's.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const roles = ['nabz_owner', 'nabz_app', 'nabz_jobs'] as const
export type Role = (typeof roles)[number]

const templateInUse = '55006'
const exists = ['42P04', '42710', '23505']

/**
 * Makes the three roles, or takes from existing ones what they must not have. A new role gets the password of the
 * superuser's address, if that has one: on a server that asks for passwords it could not sign in without.
 */
export async function prepareRoles(superuserUrl: string): Promise<void> {
  const password = decodeURIComponent(new URL(superuserUrl).password)
  await as(superuserUrl, async (client) => {
    const withPassword = password === '' ? '' : `password ${client.escapeLiteral(password)}`
    for (const role of roles) {
      await unlessItExists(client, `create role ${role} login ${withPassword}`)
      await client.query(`alter role ${role} login nosuperuser nobypassrls nocreatedb nocreaterole noreplication`)
    }
  })
}

/**
 * Makes a database that belongs to nabz_owner and that nobody but the three roles may enter. With `template` it is a
 * copy of that one, waiting while somebody is connected to it. Answers false if it was there already.
 */
export async function createDatabase(
  superuserUrl: string,
  name: string,
  { template }: { template?: string } = {},
): Promise<boolean> {
  return as(superuserUrl, async (client) => {
    const database = client.escapeIdentifier(name)
    const source =
      template === undefined
        ? `template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'`
        : `template ${client.escapeIdentifier(template)}`
    const created = await unlessItExists(client, `create database ${database} owner nabz_owner ${source}`)
    // A copy does not inherit these.
    await client.query(`revoke all on database ${database} from public`)
    await client.query(`grant connect on database ${database} to ${roles.join(', ')}`)
    if (template === undefined) {
      await as(urlOf(superuserUrl, name), (inside) => inside.query('create extension if not exists btree_gist'))
    }
    return created
  })
}

/** Removes a database, ending whoever is still connected. */
export async function dropDatabase(superuserUrl: string, name: string): Promise<void> {
  await as(superuserUrl, (client) =>
    client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`),
  )
}

/** The same server's address for another database and, if named, another role. */
export function urlOf(serverUrl: string, database: string, role?: Role): string {
  const url = new URL(serverUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  if (role !== undefined) url.username = role
  return url.href
}

async function as<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'nabz-prepare' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Runs a CREATE; false if another process or an earlier run was first. */
async function unlessItExists(client: pg.Client, sql: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await client.query(sql)
      return true
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code === undefined) throw error
      if (exists.includes(error.code)) return false
      if (error.code !== templateInUse || tries === 100) throw error
      await pause(100)
    }
  }
}
