export function hello(): string {
  return 'x'
}
