/**
 * Large commands, written piece by piece: writing a text of 30 MB at once takes the main thread 50 to 90 ms, depending on its content. A
 * command in the middle of another would break both, so the connection's other calls wait until it is written.
 */
import type { Socket } from "node:net";
import { byteLength } from "../../../env/bytes.ts";
import { endOfPiece } from "../../../env/pieces.ts";
import { systemTurns } from "../../../env/turns.ts";

/** The number of characters from which a command is large. */
export const LARGE_COMMAND = 1024 * 1024;
/** The size of a piece, which is encoded and written in about a millisecond. */
const PIECE_CHARACTERS = 256 * 1024;

export class PieceWriter {
  #writing: Promise<void> | null = null;

  /** Resolves when the current command is written, or its socket is closed; null if there is none. */
  get writing(): Promise<void> | null {
    return this.#writing;
  }

  /** The command's first piece, to be written now. The others follow in later turns, as fast as the socket takes them. */
  begin(name: string, args: readonly string[], socket: Socket): string {
    const pieces = piecesOf(name, args);
    const first = pieces.next().value ?? "";
    this.#writing = write(pieces, socket).finally(() => {
      this.#writing = null;
    });
    return first;
  }
}

/** Writes the other pieces. It also ends with the socket. */
async function write(pieces: Iterable<string>, socket: Socket): Promise<void> {
  await nextTurn();
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (!socket.write(piece)) await takesMore(socket);
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => systemTurns.run(resolve));
}

function takesMore(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

function* piecesOf(name: string, args: readonly string[]): Generator<string, void> {
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`;
  for (const arg of args) {
    text += `$${byteLength(arg)}\r\n`;
    for (let from = 0; from < arg.length; ) {
      const end = endOfPiece(arg, from, PIECE_CHARACTERS);
      text += from === 0 && end === arg.length ? arg : arg.slice(from, end);
      from = end;
      if (text.length < PIECE_CHARACTERS) continue;
      yield text;
      text = "";
    }
    text += "\r\n";
  }
  yield text;
}
