#!/usr/bin/env -S deno run -A
import { runProgram } from "./program.ts";

runProgram();
