import { DatabaseSync } from 'node:sqlite'

/** A map in a file, for Keyv. */
export class SqliteMap {
  readonly #database: DatabaseSync

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec('CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, text TEXT NOT NULL)')
  }
  get(key: string): unknown {
    const row = this.#database.prepare('SELECT text FROM entry WHERE key = ?').get(key)
    return row === undefined ? undefined : JSON.parse(String(row.text))
  }
  set(key: string, value: unknown): this {
    const text = JSON.stringify(value)
    this.#database.prepare('INSERT OR REPLACE INTO entry (key, text) VALUES (?, ?)').run(key, text)
    return this
  }
  has(key: string): boolean {
    return this.get(key) !== undefined
  }
  delete(key: string): boolean {
    return this.#database.prepare('DELETE FROM entry WHERE key = ?').run(key).changes > 0
  }
  clear(): void {
    this.#database.exec('DELETE FROM entry')
  }
  close(): void {
    this.#database.close()
  }
}
