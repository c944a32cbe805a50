import assert from "node:assert/strict";
import { agree, checkAnswer } from "../../../iscsi/negotiation/agreement.ts";
import { keyDefinition } from "../../../iscsi/negotiation/keys.ts";

const rule = (name: string) => keyDefinition(name)!.rule;

Deno.test("agree() gives the responder's answer by the key's result function", () => {
  const table: [key: string, offered: string, own: string, answer: string | undefined][] = [
    ["HeaderDigest", "None,CRC32C", "None,CRC32C", "None"],
    ["HeaderDigest", "CRC32C,None", "None,CRC32C", "CRC32C"],
    ["HeaderDigest", "CRC32C", "None", undefined],
    ["HeaderDigest", "X-sha,CRC32C", "CRC32C,None", "CRC32C"],
    ["HeaderDigest", "none", "None", undefined],
    ["ImmediateData", "Yes", "Yes", "Yes"],
    ["ImmediateData", "Yes", "No", "No"],
    ["ImmediateData", "No", "Yes", "No"],
    ["ImmediateData", "No", "No", "No"],
    ["ImmediateData", "maybe", "Yes", undefined],
    ["InitialR2T", "Yes", "No", "Yes"],
    ["InitialR2T", "No", "Yes", "Yes"],
    ["InitialR2T", "No", "No", "No"],
    ["MaxBurstLength", "1000", "2000", "1000"],
    ["MaxBurstLength", "0x1000", "2000", "2000"],
    ["MaxBurstLength", "0x200", "2000", "512"],
    ["MaxBurstLength", "511", "2000", undefined],
    ["MaxBurstLength", "16777216", "2000", undefined],
    ["DefaultTime2Wait", "2", "5", "5"],
    ["DefaultTime2Wait", "10", "5", "10"],
    ["DefaultTime2Wait", "3601", "5", undefined],
  ];
  for (const [key, offered, own, answer] of table) {
    assert.equal(agree(rule(key), offered, own), answer, `${key}: ${offered} to ${own}`);
  }
});

Deno.test("checkAnswer() accepts exactly what the offer allows", () => {
  const table: [key: string, offered: string, answered: string, value: string | undefined][] = [
    ["HeaderDigest", "None,CRC32C", "CRC32C", "CRC32C"],
    ["HeaderDigest", "None", "CRC32C", undefined],
    ["HeaderDigest", "None,CRC32C", "None,CRC32C", undefined],
    ["ImmediateData", "Yes", "No", "No"],
    ["ImmediateData", "No", "Yes", undefined],
    ["InitialR2T", "No", "Yes", "Yes"],
    ["InitialR2T", "Yes", "No", undefined],
    ["InitialR2T", "Yes", "Perhaps", undefined],
    ["MaxBurstLength", "8192", "4096", "4096"],
    ["MaxBurstLength", "8192", "0x1000", "4096"],
    ["MaxBurstLength", "8192", "8192", "8192"],
    ["MaxBurstLength", "8192", "8193", undefined],
    ["MaxBurstLength", "8192", "511", undefined],
    ["MaxBurstLength", "8192", "", undefined],
    ["DefaultTime2Wait", "2", "30", "30"],
    ["DefaultTime2Wait", "2", "1", undefined],
    ["DefaultTime2Retain", "20", "0", "0"],
    ["DefaultTime2Retain", "20", "21", undefined],
  ];
  for (const [key, offered, answered, value] of table) {
    assert.equal(checkAnswer(rule(key), offered, answered), value, `${key}: ${answered}`);
  }
});

Deno.test("An answer by agree() always passes checkAnswer()", () => {
  const table: Record<string, string[]> = {
    MaxBurstLength: ["512", "513", "8192", "262144", "16777215"],
    DefaultTime2Retain: ["0", "1", "20", "3600"],
    DefaultTime2Wait: ["0", "1", "20", "3600"],
  };
  for (const [key, numbers] of Object.entries(table)) {
    for (const offered of numbers) {
      for (const own of numbers) {
        const answer = agree(rule(key), offered, own)!;
        assert.equal(checkAnswer(rule(key), offered, answer), answer, `${key} ${offered} ${own}`);
      }
    }
  }
});
