import { isAlias, visit, type Document } from 'yaml';
import { TersorError } from '../errors.js';
import { parseYaml, plainValue, syntaxProblem } from './yaml-text.js';

/**
 * A value of the command line, read as YAML: `0.5`, `true`, `[2, 8]`, `{ macs: 0.5 }`, or text. A shell has
 * taken off the quotes, so text that means something else to YAML (`/data/a #1`, `#fff`, `@me/agent`,
 * `*.png`) is kept as it stands. `place` begins the message, for instance `--set output=`.
 * Throws `CONFIG_INVALID` for a list, a map or a quoted text that is not whole.
 */
export function readValue(text: string, place: string): unknown {
  const document = parseYaml(text, place, { logLevel: 'silent' });
  const problem =
    syntaxProblem(document)?.split('\n')[0] ??
    (losesText(document, text)
      ? 'a part of it would be lost (a comment after a #, a tag or an anchor)'
      : undefined);
  if (problem === undefined) return plainValue(document, place);
  // What opens a bracket or a quote was not meant as plain text.
  if (!/^\s*[[{"']/.test(text)) return text;
  throw new TersorError('CONFIG_INVALID', `${place}${text} cannot be read as YAML: ${problem}`, {
    hint: 'Put texts with special characters in quotes inside of it, for instance --option \'path="a #1"\'.',
  });
}

/**
 * Whether YAML takes a part of the text for something that a value does not hold: a comment, a tag, the name
 * of an anchor.
 */
function losesText(document: Document.Parsed, text: string): boolean {
  if (document.warnings.length > 0 || document.comment || document.commentBefore) return true;
  let loses = false;
  visit(document, {
    Node: (_, node) => {
      const { comment, commentBefore } = node;
      if (
        isAlias(node) ||
        comment ||
        commentBefore ||
        node.tag?.startsWith('!') ||
        ('anchor' in node && node.anchor)
      )
        loses = true;
    },
  });
  // Empty text is nothing at all; text that YAML makes nothing of, such as "#fff", is lost.
  return loses || (document.contents === null && text.trim() !== '');
}
