/** The message of an unexpected error. `JSON.parse` quotes its input, which may hold a secret, so its message is replaced. */
export function showMessage(message: string): string {
  return message.endsWith('is not valid JSON') ? 'the input is not valid JSON' : message
}
