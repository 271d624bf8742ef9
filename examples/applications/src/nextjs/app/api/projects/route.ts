/** A Next.js route handler: `GET /api/projects?top=10`. */
import { NightlatchError } from '@nightlatch/core'
import { type NextRequest, NextResponse } from 'next/server.js'
import { completions } from '../../../client.ts'

export async function GET(request: NextRequest): Promise<NextResponse> {
  const top = Number(request.nextUrl.searchParams.get('top') ?? 10)
  if (!Number.isInteger(top) || top < 1)
    return NextResponse.json({ error: 'top' }, { status: 400 })
  try {
    const api = await completions().api()
    const projects = await api
      .get('Instances(2)/Projects', { searchParams: { $top: top } })
      .json<object>()
    return NextResponse.json(projects)
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    return NextResponse.json(
      { error: failure.code },
      { status: failure.retryable ? 503 : 502 },
    )
  }
}
