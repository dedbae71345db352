// Knex is made to be extended by dialect, and tells no types of its own dialects.
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex'
  import type { Client } from 'pg'

  export default class Postgres extends Knex.Client {
    override query(connection: Client, statement: unknown): Promise<unknown>
  }
}
