/**
 * Connections that are kept, for load on a server that shares its cores with this process: a request is bytes that were put together
 * before, an answer is read as far as its length. fetch() would cost the client more than the server needs for its answer.
 */

/** One request after another. */
export type Client = {
  /** Resolves with the body; rejects where the answer is not a 2xx. `request`: from `requestText`. */
  ask(request: string): Promise<string>;
  close(): void;
};

/** The whole request, for `ask`. `path` from the root. */
export function requestText(method: "GET" | "POST", path: string, body: string | null = null): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n`;
  return body === null
    ? `${head}\r\n`
    : `${head}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

type Waiting = { resolve(body: string): void; reject(error: Error): void };

const LENGTH = /\ncontent-length: (\d+)/i;

/** The server cuts a connection that was quiet for 10 s, so what pauses between rounds opens its clients anew for each. */
export async function withClients<T>(
  url: string,
  count: number,
  act: (clients: readonly Client[], first: Client) => Promise<T>,
): Promise<T> {
  const first = await openClient(url);
  const clients = [first];
  while (clients.length < count) clients.push(await openClient(url));
  try {
    return await act(clients, first);
  } finally {
    for (const client of clients) client.close();
  }
}

/** The server cuts it after 10 s of quiet. */
export async function openClient(url: string): Promise<Client> {
  const { hostname, port } = new URL(url);
  let heard = "";
  let waiting: Waiting | null = null;
  const fail = (reason: string): void => {
    waiting?.reject(new Error(reason));
    waiting = null;
  };
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, part) {
        heard += part.toString("latin1");
        const head = heard.indexOf("\r\n\r\n");
        if (head === -1) return;
        const length = Number(LENGTH.exec(heard)?.[1]);
        if (heard.length < head + 4 + length) return;
        const body = heard.slice(head + 4, head + 4 + length);
        const isOk = heard.startsWith("HTTP/1.1 2");
        heard = "";
        const asked = waiting;
        waiting = null;
        if (isOk) asked?.resolve(body);
        else asked?.reject(new Error(`Refused: ${body}`));
      },
      close: () => fail("The server closed the connection."),
    },
  });
  socket.setNoDelay(true);
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (socket.write(request) < request.length)
          fail("The server has closed the connection, or the request is too large for this client.");
      }),
    close: () => void socket.end(),
  };
}

/** All of them at once, each one act after the other, until `count` acts are begun. */
export async function spread(clients: readonly Client[], count: number, act: (client: Client) => Promise<unknown>): Promise<void> {
  let left = count;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) await act(client);
    }),
  );
}

const ID_KEY = '"execution_id":"';
const ID_LENGTH = 36;

/** From the answer to POST /workflows. */
export function executionIdOf(answer: string): string {
  const at = answer.indexOf(ID_KEY) + ID_KEY.length;
  return answer.slice(at, at + ID_LENGTH);
}

/** Throws where it has not ended COMPLETED. */
export async function assertCompleted(client: Client, id: string): Promise<void> {
  const { status } = JSON.parse(await client.ask(requestText("GET", `/workflows/${id}?view=summary`))) as { status: string };
  if (status !== "COMPLETED") throw new Error(`Execution ${id} is ${status}.`);
}

/** Of GET /health. */
export type ServerHealth = {
  readonly executions: { readonly running: number; readonly waiting: number };
  readonly pool: { readonly begun: number; readonly waiting: number };
  readonly cluster: { readonly lanes: number } | null;
};

export async function healthOf(client: Client): Promise<ServerHealth> {
  return JSON.parse(await client.ask(requestText("GET", "/health"))) as ServerHealth;
}

/** Asks every so many milliseconds. */
export async function untilHealth(client: Client, everyMs: number, isSo: (health: ServerHealth) => boolean): Promise<void> {
  while (!isSo(await healthOf(client))) await Bun.sleep(everyMs);
}

/** Nothing runs any more, and nothing waits to. Its own end is seen at most `everyMs` late. */
export async function untilAllEnded(client: Client, everyMs = 1): Promise<void> {
  await untilHealth(client, everyMs, ({ executions: { running, waiting } }) => running + waiting === 0);
}
