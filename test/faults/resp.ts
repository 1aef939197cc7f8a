/** As much of Redis's protocol (version 2) as it takes to see where a command or a reply ends. */

const CR = 13;

/** Where the value that begins at `at` ends; -1 where it is not all there yet. */
function endOfValue(bytes: Buffer, at: number): number {
  const line = bytes.indexOf(CR, at);
  if (line === -1 || line + 1 >= bytes.length) return -1;
  const next = line + 2;
  const type = String.fromCharCode(bytes[at] ?? 0);
  if (type === "$") {
    const length = numberAt(bytes, at, line);
    const end = length < 0 ? next : next + length + 2;
    return end <= bytes.length ? end : -1;
  }
  if (type !== "*") return next;
  let end = next;
  for (let left = numberAt(bytes, at, line); left > 0 && end !== -1; left--) end = endOfValue(bytes, end);
  return end;
}

/** The first words of a command: its name and what follows, at most `max`, each as text of at most 200 characters. */
export function wordsOf(frame: Buffer, max: number): readonly string[] {
  const line = frame.indexOf(CR);
  const count = Math.min(max, numberAt(frame, 0, line));
  const words: string[] = [];
  let at = line + 2;
  while (words.length < count) {
    const head = frame.indexOf(CR, at);
    const length = numberAt(frame, at, head);
    words.push(frame.toString("utf8", head + 2, head + 2 + Math.min(length, 200)));
    at = head + 2 + length + 2;
  }
  return words;
}

/** Cuts a stream of bytes into values; what is not whole stays until the rest comes. */
export function createCutter(): (bytes: Buffer) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const values: Buffer[] = [];
    let at = 0;
    while (at < rest.length) {
      const end = endOfValue(rest, at);
      if (end === -1) break;
      values.push(rest.subarray(at, end));
      at = end;
    }
    rest = rest.subarray(at);
    return values;
  };
}

function numberAt(bytes: Buffer, at: number, line: number): number {
  return Number(bytes.toString("latin1", at + 1, line));
}
