/** What processes used, as Linux counts it; elsewhere nothing is known. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Whether the system has the files that are read here. */
export const isUsageKnown: boolean = existsSync('/proc/self/schedstat')

/** The time that all threads of the processes have spent on a processor, in microseconds. */
export function processorTime(processes: readonly number[]): number {
  let nanoseconds = 0
  for (const pid of processes) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
  }
  return nanoseconds / 1000
}

/** Starts a new measurement of the highest memory of the processes; returns the memory now, in kB. */
export function resetPeakMemory(processes: readonly number[]): number {
  // proc(5): 5 resets the peak of the resident set.
  for (const pid of processes) writeFileSync(`/proc/${pid}/clear_refs`, '5')
  return sumOf(processes, 'VmRSS')
}

/** The highest resident memory of the processes since the last reset, in kB. */
export function peakMemory(processes: readonly number[]): number {
  return sumOf(processes, 'VmHWM')
}

function sumOf(processes: readonly number[], field: string): number {
  return processes.reduce((sum, pid) => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return sum + Number(found?.[1] ?? 0)
  }, 0)
}
