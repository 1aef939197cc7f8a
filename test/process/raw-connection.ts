/** A TCP connection on which a test writes what it likes, and reads the answers that come. */
import { connect as connectSocket } from "node:net";
import { until } from "./facts.ts";

export type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

export type RawConnection = {
  write(text: string): void;
  /** Resolves when the system has taken what was written. */
  flushed(): Promise<void>;
  /** The first answers in order, when all of them are there whole. Rejects where the connection ends before. */
  answers(count: number): Promise<readonly Answer[]>;
  /** The same, or what there is when the other side has closed the connection. */
  answersUntilEnd(count: number): Promise<readonly Answer[]>;
  /** The first answer, or that the other side has closed the connection without one. */
  answerOrEnd(): Promise<Answer | "closed">;
  close(): void;
  /** Ends it with a reset, as a client does that dies. */
  cut(): void;
};

export async function connect(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connectSocket({ host: hostname, port: Number(port) });
  let received = "";
  let closed = false;
  socket.setEncoding("latin1");
  socket.on("data", (text) => {
    received += String(text);
  });
  // A reset is an end like any other here.
  socket.on("error", () => {
    closed = true;
  });
  socket.on("close", () => {
    closed = true;
  });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));

  function answersOrEnd(count: number): Promise<readonly Answer[]> {
    return until(`${count} answers on one connection`, () => {
      const answers = parsed(received);
      return answers.length >= count || closed ? answers : null;
    });
  }

  return {
    write: (text) => void socket.write(text),
    flushed: () => new Promise((resolve) => socket.write("", () => resolve())),
    async answers(count) {
      const answers = await answersOrEnd(count);
      if (answers.length < count)
        throw new Error(`The connection ended after ${answers.length} of ${count} answers: ${received.slice(-500)}`);
      return answers;
    },
    answersUntilEnd: answersOrEnd,
    answerOrEnd: async () => (await answersOrEnd(1))[0] ?? "closed",
    close: () => void socket.end(),
    cut: () => void socket.resetAndDestroy(),
  };
}

/** The whole answers at the beginning of a text, each with its length announced. */
function parsed(text: string): readonly Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end === -1) return answers;
    const [first = "", ...lines] = text.slice(at, end).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const bodyEnd = end + 4 + Number(headers["content-length"] ?? 0);
    if (text.length < bodyEnd) return answers;
    answers.push({ status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4, bodyEnd) });
    at = bodyEnd;
  }
}
