/** kafkajs' own reader of what we write, which it has no types for. */
declare module "kafkajs/src/protocol/decoder.js" {
  export default class Decoder {
    constructor(buffer: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readString(): string | null;
    readBytes(bytes: number): Buffer;
    readAll(): Buffer;
  }
}

declare module "kafkajs/src/protocol/recordBatch/v0/decoder.js" {
  import type Decoder from "kafkajs/src/protocol/decoder.js";

  export default function decodeBatch(decoder: Decoder): Promise<{
    readonly firstTimestamp: string;
    readonly maxTimestamp: string;
    readonly producerId: string;
    readonly lastOffsetDelta: number;
    readonly records: readonly {
      readonly offset: string;
      readonly timestamp: string;
      readonly key: Buffer;
      readonly value: Buffer;
      readonly headers: Readonly<Record<string, Buffer>>;
    }[];
  }>;
}

declare module "kafkajs/src/protocol/recordBatch/crc32C/index.js" {
  export default function crc32C(buffer: Buffer): number;
}
