import { readFileSync } from "node:fs";

const read = (file: string): string =>
  readFileSync(new URL(`./testdata/${file}`, import.meta.url), "utf8");

/** An authority that signed the other two. */
export const caCertificate: string = read("ca.pem");

/** For 127.0.0.1, localhost and tape.example; valid for a hundred years. */
export const server = { certificate: read("server.pem"), key: read("server_key.pem") };

/** For client.example; valid for a hundred years. */
export const client = { certificate: read("client.pem"), key: read("client_key.pem") };
