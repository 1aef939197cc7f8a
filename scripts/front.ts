/** One port before several instances: each new connection goes to the next of them that takes it. For development; see docker-compose.yml. */
import { connect, createServer, type Server, type Socket } from "node:net";

/** Opens the port. Resolves when it listens. `ports`: those of the instances, on this machine. `port` 0 takes a free one. */
export function openFront(port: number, ports: readonly number[]): Promise<Server> {
  let next = 0;
  const pass = (client: Socket, triesLeft: number): void => {
    const target = ports[next % ports.length] ?? 0;
    next += 1;
    const instance = connect(target, "127.0.0.1");
    let isConnected = false;
    instance.once("connect", () => {
      isConnected = true;
      client.pipe(instance).pipe(client);
    });
    instance.once("error", () => {
      // Nothing was sent to it yet, so another may answer.
      if (!isConnected && triesLeft > 1 && !client.destroyed) pass(client, triesLeft - 1);
      else client.destroy();
    });
    client.once("error", () => instance.destroy());
    client.once("close", () => instance.destroy());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => pass(client, ports.length));
  const listening = Promise.withResolvers<Server>();
  server.once("error", (error) => listening.reject(new Error(`Port ${port} cannot be listened on: ${error.message}`, { cause: error })));
  server.listen(port, "127.0.0.1", () => listening.resolve(server));
  return listening.promise;
}
