/** Whether a layer's name is one of the given, where `*` in a pattern stands for any letters. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.split('*').map(escapeLetters).join('.*')}$`).test(name));
}

function escapeLetters(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
