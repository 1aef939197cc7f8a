/** Parts of kafkajs 2.2.4 that it has no types for. */
declare module "kafkajs/src/network/requestQueue/index.js" {
  const RequestQueue: { readonly prototype: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void } };
  export default RequestQueue;
}

declare module "kafkajs/src/network/socketFactory.js" {
  const defaultSocketFactory: () => unknown;
  export default defaultSocketFactory;
}

declare module "kafkajs/src/network/connection.js" {
  import type ProduceResponse from "kafkajs/src/protocol/requests/produce/v3/response.js";

  type Say = (message: string, fields?: Record<string, unknown>) => void;
  type Logger = { readonly namespace: () => Logger; readonly debug: Say; readonly info: Say; readonly warn: Say; readonly error: Say };

  /** A connection to one broker, with a deadline for each request. */
  export default class Connection {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly clientId: string;
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly socketFactory: unknown;
      readonly logger: Logger;
    });
    isConnected(): boolean;
    connect(): Promise<unknown>;
    /** After what is in flight. */
    disconnect(): Promise<unknown>;
    /** Rejects with a KafkaJSProtocolError where a partition refuses. `buf` and `buffer`: what kafkajs' own encoder has. */
    send(call: {
      readonly request: {
        readonly apiKey: number;
        readonly apiVersion: number;
        readonly apiName: string;
        readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
      };
      readonly response: typeof ProduceResponse;
    }): Promise<unknown>;
  }
}

declare module "kafkajs/src/protocol/requests/produce/v3/response.js" {
  const response: { readonly decode: unknown; readonly parse: unknown };
  export default response;
}
