/**
 * Wraps lines between words at the width of the terminal; continuation lines are indented by two more. For a
 * file or a pipe, lines stay as they are.
 * @param columns width of the terminal; undefined for a file or a pipe
 */
export function wrapLines(text: string, columns = process.stdout.columns): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, columns))
    .join('\n');
}

function wrapped(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  for (const word of line.trimStart().split(' ')) {
    if (!isEmpty && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current];
}
