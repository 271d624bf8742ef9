/** Whether a normalised path matches. */
export type PathPattern = (path: string) => boolean

/**
 * Compiles a pattern of paths: `*` stands for a segment or a part of one, a final `**` for the rest of the path, slashes included.
 * An escaped slash (`%2F`) is matched by `**` only, because an API may read it as a slash. No regular expression is involved, and
 * matching takes linear time.
 */
export function compilePathPattern(pattern: string): PathPattern {
  if (pattern === '/**') return () => true
  if (!pattern.includes('*')) return (path) => path === pattern
  const isOpen = pattern.endsWith('**')
  const segments = (isOpen ? pattern.slice(0, -2) : pattern).split('/').map(compileSegment)
  return (path) => matches(path, segments, isOpen)
}

type SegmentPattern = (path: string, from: number, to: number) => boolean

function matches(path: string, segments: readonly SegmentPattern[], isOpen: boolean): boolean {
  let from = 0
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1
    // The last segment of `/v1/a**` is a prefix of what remains.
    if (isLast && isOpen) return segment(path, from, -1)
    const slash = path.indexOf('/', from)
    const to = slash < 0 ? path.length : slash
    if (!segment(path, from, to)) return false
    if (slash < 0) return isLast
    from = slash + 1
  }
  return false
}

/** Compiles one segment. With `to` -1 it is a prefix of what remains of the path. */
function compileSegment(segment: string): SegmentPattern {
  const [head = '', ...parts] = segment.split('*')
  const tail = parts.pop()
  return (path, from, to) => {
    if (!path.startsWith(head, from)) return false
    if (tail === undefined) return to < 0 || from + head.length === to
    if (to < 0) return tail === '' && parts.length === 0
    let at = from + head.length
    for (const part of parts) {
      const found = path.indexOf(part, at)
      if (found < 0 || found + part.length > to) return false
      at = found + part.length
    }
    const end = to - tail.length
    if (end < at || !path.startsWith(tail, end)) return false
    const escaped = path.indexOf('%2F', from)
    return escaped < 0 || escaped >= to
  }
}
