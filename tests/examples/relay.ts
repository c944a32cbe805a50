// What `ssh -W HOST:PORT` does, without ssh: standard input and output are the connection.
import { connect } from "node:net";
import process from "node:process";

const [hostname, port] = process.argv.slice(2);
process.stdin.pipe(connect(Number(port), hostname)).pipe(process.stdout);
