import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { StoreLock } from '@nightlatch/core'
import { codeOf } from '../error-code.ts'

/** The process that takes a lock, and a way to find out whether another one still runs. */
export interface LockOwner {
  readonly pid: number
  isRunning(pid: number): boolean
}

/** No lock is taken for longer; a later expiry was written by a clock that was wrong. */
const maxTtlMs = 2 * 3_600_000

interface LockRecord {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/**
 * Takes a lock by creating a file. A lock that has expired, or whose process no longer runs on this machine, is replaced.
 *
 * @param ttl seconds
 * @returns `undefined` if another process holds the lock
 */
export function takeLock(file: string, ttl: number, owner: LockOwner, now: () => number): StoreLock | undefined {
  const record = { id: crypto.randomUUID(), host: hostname(), pid: owner.pid, expiresAt: now() + ttl * 1000 }
  const text = JSON.stringify(record)
  if (!create(file, text)) {
    const held = read(file)
    if (held !== undefined && !isStale(held, owner, now())) return undefined
    if (held !== undefined) removeIfEqual(file, held)
    if (!create(file, text)) return undefined
  }
  return { release: async () => removeIfEqual(file, text) }
}

/** A link appears at once with its whole content, and fails if the name is taken. */
function create(file: string, text: string): boolean {
  const draft = `${file}.${crypto.randomUUID()}.draft`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
    return true
  } catch (failure) {
    if (codeOf(failure) === 'EEXIST') return false
    throw failure
  } finally {
    rmSync(draft, { force: true })
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (failure) {
    if (codeOf(failure) === 'ENOENT') return undefined
    throw failure
  }
}

function isStale(text: string, { isRunning }: LockOwner, now: number): boolean {
  try {
    const { host, pid, expiresAt } = JSON.parse(text) as LockRecord
    if (!(expiresAt > now && expiresAt < now + maxTtlMs)) return true
    // A killed process leaves its lock behind. Process ids of another machine or container mean nothing here.
    return host === hostname() && !isRunning(pid)
  } catch {
    return true
  }
}

/** Removes a lock unless another has replaced it. Renaming takes the file from all others before it is compared. */
function removeIfEqual(file: string, text: string): void {
  if (read(file) !== text) return
  const removed = `${file}.${crypto.randomUUID()}.draft`
  try {
    renameSync(file, removed)
    if (read(removed) !== text) linkSync(removed, file)
  } catch (failure) {
    const code = codeOf(failure)
    if (code !== 'ENOENT' && code !== 'EEXIST') throw failure
  } finally {
    rmSync(removed, { force: true })
  }
}
