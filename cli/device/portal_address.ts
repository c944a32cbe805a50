import { message } from "@optique/core/message";
import type { ValueParser } from "@optique/core/valueparser";

/** A host and a port. */
export interface PortalAddress {
  /** Name or address; IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
}

const SYNTAX = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** `HOST:PORT` or `[IPv6]:PORT`; `undefined` for anything else. */
export function parsePortalAddress(text: string): PortalAddress | undefined {
  const match = SYNTAX.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65535 ? undefined : { hostname: match[1] ?? match[2], port };
}

/** A command-line value that is a host and a port. */
export function portalAddress(): ValueParser<"sync", PortalAddress> {
  return {
    mode: "sync",
    metavar: "HOST:PORT",
    placeholder: { hostname: "127.0.0.1", port: 0 },
    parse(input) {
      const value = parsePortalAddress(input);
      if (value !== undefined) return { success: true, value };
      return {
        success: false,
        error: message`Expected HOST:PORT, with a port up to 65535, but got ${input}.`,
      };
    },
    format: ({ hostname, port }) =>
      `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
  };
}
