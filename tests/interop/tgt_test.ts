import { acceptanceTests } from "./acceptance.ts";
import { startTgt } from "./harness/tgt.ts";

acceptanceTests({ name: "tgt", start: () => startTgt(), product: /VIRTUAL-TAPE/ });
