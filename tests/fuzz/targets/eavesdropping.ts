import type { ByteStream, Dialer } from "../../../transport/byte_stream.ts";

/** Reaches what `dial` reaches, and keeps a copy of all that is heard and said, in order. */
export function eavesdropping(dial: Dialer, heard: Uint8Array[], said: Uint8Array[]): Dialer {
  return async (address, options) => {
    const stream = await dial(address, options);
    const tapped: ByteStream = {
      read: async (into) => {
        const count = await stream.read(into);
        if (count !== null) heard.push(into.slice(0, count));
        return count;
      },
      write: (chunks) => {
        said.push(...chunks.map((chunk) => chunk.slice()));
        return stream.write(chunks);
      },
      close: () => stream.close(),
    };
    return tapped;
  };
}
