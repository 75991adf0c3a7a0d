// Python's `json` writes, and reads, three numbers that JSON has not: Infinity, -Infinity and NaN.

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
/** No text begins so that a person has written. */
const MARK = '\u0000number ';
const escapedMark = JSON.stringify(MARK).slice(1, -1);

/**
 * Parses JSON as Python writes it.
 * @throws SyntaxError for text that is none.
 */
export function parsePythonJson(text: string): unknown {
  const marked = text.replace(stringsAndNumbers, (found) =>
    found.startsWith('"') ? found : `"${escapedMark}${found}"`,
  );
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
  );
}

/** JSON as Python writes it, indented by two. */
export function stringifyPythonJson(value: unknown): string {
  const marked = JSON.stringify(
    value,
    (_, member: unknown) =>
      typeof member === 'number' && !Number.isFinite(member) ? MARK + String(member) : member,
    2,
  );
  return marked.replace(/"\\u0000number (-?Infinity|NaN)"/g, '$1');
}
