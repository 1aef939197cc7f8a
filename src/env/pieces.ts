/** Long texts in pieces, for work that would block the program if it were done at once. */

/** The end of the piece that begins at `from`. It never splits a surrogate pair. */
export function endOfPiece(text: string, from: number, characters: number): number {
  const end = from + characters;
  if (end >= text.length) return text.length;
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end + 1 : end;
}
