const CONTROLS = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]',
  'g',
);

/**
 * Text that may hold anything, made safe for a terminal: control characters (escape sequences begin with
 * one) and marks that turn the direction of writing become `\\xNN` or `\\uNNNN`. Tabs and line ends stay.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (mark) => {
    const code = mark.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
