/** A TCP proxy in front of a service, for what happens on a wire: connections cut, replies lost, requests held back. */

export type WireProxy = {
  readonly port: number;
  /** The number of connections that are open now. */
  readonly connections: number;
  /** Ends every connection now. New ones are let through. */
  cut(): void;
  /** From now on no reply comes through, on any connection. Requests still arrive. */
  loseReplies(): void;
  /** From now on requests wait here. They arrive when they are let go, also those of connections that have ended meanwhile. */
  holdRequests(): void;
  /** Replies and requests pass again: what was held goes on, in order; what was lost stays lost, so those connections are cut. */
  passAll(): void;
  close(): void;
};

type Wire = {
  readonly client: Bun.Socket<Wire>;
  service: Bun.Socket<Wire> | null;
  /** Requests that the service has not got: it is not connected yet, does not read, or they are held. */
  readonly requests: Buffer[];
  readonly replies: Buffer[];
  lostReplies: boolean;
  clientEnded: boolean;
};

/** Listens on a free port and passes on to `port`, both of this machine. */
export function startProxy(port: number): WireProxy {
  const wires = new Set<Wire>();
  let holding = false;
  let losing = false;

  function flushRequests(wire: Wire): void {
    if (holding || wire.service === null) return;
    writeAll(wire.service, wire.requests);
    if (wire.clientEnded && wire.requests.length === 0) wire.service.end();
  }

  function end(wire: Wire): void {
    wires.delete(wire);
    wire.client.end();
    wire.service?.end();
  }

  const server = Bun.listen<Wire>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        const wire: Wire = { client, service: null, requests: [], replies: [], lostReplies: false, clientEnded: false };
        client.data = wire;
        wires.add(wire);
        void connect(wire);
      },
      data(client, bytes) {
        client.data.requests.push(Buffer.from(bytes));
        flushRequests(client.data);
      },
      drain: (client) => writeAll(client, client.data.replies),
      close(client) {
        client.data.clientEnded = true;
        // What is held of it still arrives, as from a socket's buffer.
        if (!holding) end(client.data);
      },
    },
  });

  async function connect(wire: Wire): Promise<void> {
    try {
      wire.service = await Bun.connect<Wire>({
        hostname: "127.0.0.1",
        port,
        data: wire,
        socket: {
          data(_service, bytes) {
            if (losing) wire.lostReplies = true;
            if (wire.lostReplies) return;
            wire.replies.push(Buffer.from(bytes));
            writeAll(wire.client, wire.replies);
          },
          drain: () => flushRequests(wire),
          close: () => end(wire),
        },
      });
      flushRequests(wire);
    } catch {
      // The service is away: as if the client had reached it and was refused.
      end(wire);
    }
  }

  return {
    port: server.port,
    get connections() {
      return wires.size;
    },
    cut() {
      for (const wire of [...wires]) end(wire);
    },
    loseReplies() {
      losing = true;
    },
    holdRequests() {
      holding = true;
    },
    passAll() {
      losing = false;
      holding = false;
      for (const wire of [...wires]) {
        flushRequests(wire);
        if (wire.lostReplies) end(wire);
      }
    },
    close() {
      server.stop(true);
      for (const wire of [...wires]) end(wire);
    },
  };
}

/** As much as the socket takes now; the rest stays in line. */
function writeAll(socket: Bun.Socket<Wire>, line: Buffer[]): void {
  for (;;) {
    const [first] = line;
    if (first === undefined) return;
    const written = socket.write(first);
    if (written < first.length) {
      line[0] = first.subarray(Math.max(0, written));
      return;
    }
    line.shift();
  }
}
