/** Long texts in pieces, for what would hold the program up in one go. */

/** Where the piece that begins at `from` ends: not between the two halves of a character outside of the first plane. */
export function endOfPiece(text: string, from: number, characters: number): number {
  const end = from + characters;
  if (end >= text.length) return text.length;
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end + 1 : end;
}
