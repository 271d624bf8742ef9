/** Whether a text is words of lower-case letters and digits, with one dash between two words. */
export function isSlug(text: string): boolean {
  return /^[a-z0-9-]+$/.test(text) && text.split('-').every((word) => word !== '')
}
