/**
 * One-line mistakes in the protocol's rules, each of which some test must notice.
 *
 * @module
 */

/** One change of the source that breaks a rule. */
export interface Mutation {
  /** Path from the root. */
  readonly file: string;
  /** Text that occurs once in the file. */
  readonly old: string;
  /** What stands there instead. */
  readonly new: string;
  /** The rule that this breaks. */
  readonly rule: string;
}

type Row = readonly [old: string, replacement: string, rule: string];

function inFile(file: string, rows: readonly Row[]): Mutation[] {
  return rows.map(([old, replacement, rule]) => ({ file, old, new: replacement, rule }));
}

const NUMBERING: readonly Mutation[] = [
  ...inFile("iscsi/connection/serial_number.ts", [
    ["return ((a - b) | 0) < 0;", "return a < b;", "RFC 1982: numbers wrap"],
    ["return ((a - b) | 0) <= 0;", "return a <= b;", "RFC 1982: numbers wrap"],
    ["return (a + count) >>> 0;", "return a + count;", "RFC 1982: numbers have 32 bits"],
  ]),
  ...inFile("iscsi/session/core/command_window.ts", [
    [
      "return serialLessOrEqual(this.#cmdSn, this.#maxCmdSn);",
      "return this.#cmdSn !== this.#maxCmdSn;",
      "§4.2.2.1: the window includes MaxCmdSN",
    ],
    ["this.#cmdSn = serialAdd(cmdSn, 1);", "this.#cmdSn = cmdSn;", "§4.2.2.1: CmdSN rises by one"],
    [
      "if (serialLess(maxCmdSn, serialAdd(expCmdSn, -1))) return;",
      "",
      "§4.2.2.1: an impossible pair is ignored",
    ],
    [
      "if (serialLess(this.#maxCmdSn, maxCmdSn)) this.#maxCmdSn = maxCmdSn;",
      "this.#maxCmdSn = maxCmdSn;",
      "§4.2.2.1: MaxCmdSN never goes back",
    ],
  ]),
  ...inFile("iscsi/session/connection/status_sequence.ts", [
    ['if (ahead > MAX_EARLY) return "gap";', "", "§4.2.2.2: a large gap calls for recovery"],
    [
      "if (withhold || ahead > 0) {",
      "if (withhold) {",
      "§4.2.2.2: ExpStatSN does not pass what is missing",
    ],
    [
      "if (withhold || ahead > 0) {",
      "if (ahead > 0) {",
      "§4.2.2.2: no status is acknowledged before its data",
    ],
    [
      "if (ahead < 0 || this.#early.has(statSn) || ",
      "if (false && ",
      "§4.2.2.2: what came before is a repetition",
    ],
  ]),
  ...inFile("iscsi/session/requests/task_table.ts", [
    ["let itt = this.#next;", "let itt = 0;", "§11.2.1.8: tags are not used again"],
    ["itt === RESERVED_TAG || ", "", "§11.2.1.8: ffffffffh is reserved"],
  ]),
];

const DATA_OUT: readonly Mutation[] = [
  ...inFile("iscsi/session/connection/data_out_queue.ts", [
    ["dataSn: sequence.dataSn++,", "dataSn: sequence.dataSn,", "§11.7.5: DataSN rises"],
    ["bufferOffset: offset,", "bufferOffset: 0,", "§11.7.6: Buffer Offset is exact"],
    ["ttt: sequence.ttt,", "ttt: RESERVED_TAG,", "§11.7.4: Data-Out echoes the R2T's tag"],
    ["lun: sequence.lun,", "lun: 0n,", "§11.8: Data-Out echoes the R2T's LUN"],
    [
      "const final = next === sequence.end;",
      "const final = next === task.dataOut.length;",
      "§11.7.1: F ends each sequence",
    ],
    ["expStatSn: sender.expStatSn,", "expStatSn: 0,", "§4.2.2.2: Data-Out acknowledges, too"],
    [
      "this.#sequences.push(sequence);",
      "this.#sequences.unshift(sequence);",
      "§11.8: R2Ts are answered in the order of their arrival",
    ],
    [
      "if (sequence.ttt !== RESERVED_TAG) task.outstandingR2ts--;",
      "task.outstandingR2ts--;",
      "§13.17: unsolicited data is no R2T",
    ],
    [
      "this.#sequences = this.#sequences.filter((sequence) => sequence.task !== task);",
      "",
      "§11.4.2: a command that is over sends no data",
    ],
  ]),
  ...inFile("iscsi/session/requests/unsolicited_data.ts", [
    [
      "const burst = Math.min(length, parameters.firstBurstLength);",
      "const burst = length;",
      "§13.14: unsolicited data ends at FirstBurstLength",
    ],
    [
      "? Math.min(burst, parameters.maxSendDataSegmentLength)",
      "? burst",
      "§13.12: immediate data fits the target's segment",
    ],
    ["parameters.initialR2T ? immediate : burst", "burst", "§13.10: InitialR2T"],
    ["parameters.initialR2T ? immediate : burst", "immediate", "§13.10: InitialR2T=No is used"],
    [
      "const immediate = parameters.immediateData",
      "const immediate = true",
      "§13.11: ImmediateData",
    ],
  ]),
  ...inFile("iscsi/session/requests/data_transfer.ts", [
    ["if (pdu.dataSn !== task.nextDataSn) {", "if (false) {", "§11.7.5: DataSN has no holes"],
    ["if (end > task.readLength) {", "if (false) {", "§11.7.6: data fits the command"],
    [
      "!serialLess(task.nextDataSn, expDataSn)) return;",
      "true) return;",
      "§11.4.8: no data is lost at the end",
    ],
    ["if (pdu.r2tSn !== task.nextR2tSn) {", "if (false) {", "§11.8.2: R2TSN has no holes"],
    ["if (pdu.ttt === RESERVED_TAG) throw", "if (false) throw", "§11.8.5: an R2T has a tag"],
    ["pdu.lun !== task.lun && pdu.lun !== 0n", "false", "§4.2.5.3: the LUN is the command's"],
    ["length > parameters.maxBurstLength", "false", "§13.13: MaxBurstLength"],
    ["if (length === 0 || ", "if (", "§11.8.4: an R2T asks for data"],
    ["if (end > task.writeLength) {", "if (false) {", "§11.8.4: an R2T stays within the data"],
    [
      "task.outstandingR2ts >= maxOutstanding",
      "false",
      "§13.17: MaxOutstandingR2T",
    ],
    [
      "offset: pdu.bufferOffset, end, dataSn: 0",
      "offset: pdu.bufferOffset, end, dataSn: 1",
      "§11.7.5: DataSN begins at 0",
    ],
    ["if (pdu.underflow && pdu.overflow) {", "if (false) {", "§11.4.5: never over and under"],
    [
      "return pdu.overflow ? -pdu.residual : 0;",
      "return pdu.residual;",
      "§11.4.5: without a flag no residual",
    ],
  ]),
];

const REQUESTS: readonly Mutation[] = [
  ...inFile("iscsi/session/core/outgoing.ts", [
    ["final: end === immediate,", "final: true,", "§11.3.1: no F before unsolicited Data-Out"],
    ["read: readLength > 0,", "read: false,", "§11.3.1: R"],
    ["write: writeLength > 0,", "write: true,", "§11.3.1: W"],
    [
      "attributes: TaskAttribute.Simple,",
      "attributes: TaskAttribute.HeadOfQueue,",
      "§11.3.1: SIMPLE",
    ],
    ["ping.lun, ping.ttt);", "0n, ping.ttt);", "§11.18.2: the answer to a ping has its LUN"],
    [
      "ping.lun, ping.ttt);",
      "ping.lun, RESERVED_TAG);",
      "§11.18.2: the answer to a ping has its tag",
    ],
    [
      "lun: next.lun,",
      "lun: 0n,",
      "§11.10.4: a text that goes on has the target's LUN",
    ],
    ["ttt: next.ttt,", "ttt: RESERVED_TAG,", "§11.10.4: a text that goes on has the target's tag"],
    ["isid,\n", "isid: new Uint8Array(6),\n", "§11.12.5: ISID"],
    [
      "if (cdb.length <= BHS_CDB_LENGTH && !isBidirectional) return NO_BYTES;",
      "return NO_BYTES;",
      "§11.2.2.3: a long CDB goes on in an AHS",
    ],
    [
      "LogoutReason.CloseSession, undefined",
      "LogoutReason.CloseConnection, undefined",
      "§11.14.1: closes the session",
    ],
  ]),
  ...inFile("iscsi/session/requests/task_management.ts", [
    ["refCmdSn: task.cmdSn,", "refCmdSn: 0,", "§11.5.5: RefCmdSN"],
    [
      "function: TaskManagementFunction.AbortTask,\n    lun: task.lun,",
      "function: TaskManagementFunction.AbortTask,\n    lun: 0n,",
      "§11.5.3: LUN of the command",
    ],
    [
      "function: TaskManagementFunction.TaskReassign,\n    lun: task.lun,",
      "function: TaskManagementFunction.TaskReassign,\n    lun: 0n,",
      "§11.5.3: LUN of the command",
    ],
    ["expDataSn: task.nextDataSn,", "expDataSn: 0,", "§11.5.6: ExpDataSN of TASK REASSIGN"],
    ["referencedTaskTag: RESERVED_TAG,", "referencedTaskTag: 0,", "§11.5.4: no task is referenced"],
  ]),
  ...inFile("iscsi/session/requests/rejection.ts", [
    ["if (data.length < BHS_LENGTH) {", "if (false) {", "§11.17: a Reject holds the header"],
  ]),
  ...inFile("iscsi/session/requests/text_exchange.ts", [
    ["if (response.ttt === RESERVED_TAG) {", "if (false) {", "§11.11.3: not final means a tag"],
    ["if (response.continue) {", "if (false) {", "§11.11.1: F and C exclude one another"],
    [
      "this.next = { lun: response.lun, ttt: response.ttt,",
      "this.next = { lun: 0n, ttt: response.ttt,",
      "§11.10.4: the LUN is echoed",
    ],
  ]),
  ...inFile("iscsi/session/connection/initiator_connection.ts", [
    ["    this.#sendUrgent(batch);\n", "", "§11.19: pings are answered"],
    [
      "if (!this.#ending) this.#urgent.push(pdu);",
      "this.#urgent.push(pdu);",
      "§11.14: nothing follows a logout",
    ],
    ["!this.#ending && batch", "batch", "§11.14: nothing follows a logout"],
    [
      "this.#framer.setDigests(header, dataDigest ? new RunningCrc32c() : undefined);",
      "this.#framer.setDigests(false, undefined);",
      "§13.1: digests begin with the full feature phase",
    ],
  ]),
];

const ANSWERS: readonly Mutation[] = [
  ...inFile("iscsi/session/core/incoming.ts", [
    ["if (!intact && this.#level === 0) {", "if (false) {", "§7.8: damaged data is not taken in"],
    [
      "this.#state.window.update(readU32(header, EXP_CMD_SN), readU32(header, MAX_CMD_SN));",
      "",
      "§4.2.2.1: every PDU of the target opens the window",
    ],
    ["answerPing(this.#state, this.#connection, pdu);", "", "§11.19: a ping is answered"],
    [
      'if (request && !hasKind(request, "ping")) throw mismatch(header);',
      "",
      "§4.2.5.3: an answer is of its request's kind",
    ],
  ]),
  ...inFile("iscsi/session/requests/command_result.ts", [
    [
      "if (!SUCCESSES.has(pdu.status)) {",
      "if (false) {",
      "§11.7: errors come in a SCSI Response",
    ],
  ]),
];

const RECOVERY: readonly Mutation[] = [
  ...inFile("iscsi/session/core/outgoing.ts", [
    ["      tsih,\n", "      tsih: 0,\n", "§6.3.1: a further connection names the session"],
    ["      itt,\n      cid: connection.cid,", "      itt,\n      cid: 0,", "§11.12.7: CID"],
  ]),
  ...inFile("iscsi/session/core/incoming.ts", [
    [
      "this.#connection.status.sent(serialAdd(pdu.statSn, -1));",
      "",
      "§11.19.2: a NOP-In shows that responses are missing",
    ],
  ]),
  ...inFile("iscsi/session/core/initiator.ts", [
    [
      "return this.#lifecycle.drain(connection, patienceMs / 2);",
      "return this.#lifecycle.drain(connection, patienceMs * 2);",
      "§11.9.1: a logout in time, with several connections",
    ],
    [
      "this.#logout.drain(patienceMs / 2, reason,",
      "this.#logout.drain(patienceMs * 2, reason,",
      "§11.9.1: a logout in time",
    ],
  ]),
  ...inFile("iscsi/session/core/connection_lifecycle.ts", [
    [
      "const times = { time2Wait: parameter2, time2Retain: parameter3 };",
      "const times = { time2Wait: 0, time2Retain: parameter3 };",
      "§11.9.1: Time2Wait of event 2",
    ],
  ]),
  ...inFile("iscsi/session/recovery/snacks.ts", [
    [
      "itt = RESERVED_TAG, ttt",
      "itt = 0, ttt",
      "§11.16: a DataACK and a Status SNACK have no task",
    ],
    [
      "ttt = RESERVED_TAG, begRun",
      "ttt = 0, begRun",
      "§11.16.3: a SNACK for data has no target's tag",
    ],
    ["type: SnackType.Status,", "type: SnackType.DataR2t,", "§11.16.1: type of a SNACK"],
    [
      "type: SnackType.DataAck, lun, ttt,",
      "type: SnackType.DataAck, ttt,",
      "§11.16: a DataACK has the LUN",
    ],
    [
      "type: SnackType.DataR2t, itt, begRun: begin, runLength: length",
      "type: SnackType.DataR2t, itt, begRun: begin, runLength: length + 1",
      "§11.16.5: RunLength is exact",
    ],
    [
      "begRun: nextDataSn, runLength: 0",
      "begRun: nextDataSn, runLength: 1",
      "§11.16.5: a DataACK has no run",
    ],
  ]),
  ...inFile("iscsi/session/recovery/command_recovery.ts", [
    [
      "if (recovery.refused) return this.#giveUp(task, recovery);",
      "",
      "§11.16: after a rejected SNACK no data is whole",
    ],
    [
      "return expected !== 0 && snackTag !== expected;",
      "return false;",
      "§11.4.6: after an R-Data SNACK only a response with its tag counts",
    ],
    [
      "if (serialLess(task.nextDataSn, endDataSn)) return true;",
      "",
      "§11.4.8: ExpDataSN shows what is missing at the end",
    ],
    ["if (++recovery.rounds >= MAX_ROUNDS) this", "if (false) this", "§7.9: recovery has an end"],
    [
      "if (!intact) return this.#damaged(task, pdu.dataSn);",
      "",
      "§7.8: damaged data does not count",
    ],
    [
      "return ahead >= 0 && !task.recovery?.has(pdu.dataSn);",
      "return true;",
      "§7.2.2: what comes twice counts once",
    ],
    [
      "if (ahead < 0 || task.recovery?.has(pdu.r2tSn)) return;",
      "",
      "§7.2.2: an R2T that comes twice counts once",
    ],
  ]),
  ...inFile("iscsi/session/recovery/connection_recovery.ts", [
    [
      "const at = this.#state.now + times.time2Wait * 1000;",
      "const at = this.#state.now;",
      "§7.5: Time2Wait",
    ],
    [
      "if (!outage.isRemoved && now >= outage.until) return",
      "if (false) return",
      "§7.5: Time2Retain",
    ],
    [
      "return serialLess(cmdSn, this.#state.window.expCmdSn);",
      "return false;",
      "§7.2.1: what the target has is not sent again",
    ],
    [
      "outage.at = this.#state.now + (isClosed ? time2Wait * 1000 : 0);",
      "outage.at = this.#state.now;",
      "§11.15.3: Time2Wait of a logout",
    ],
  ]),
];

const REJECTS: readonly Mutation[] = inFile("iscsi/session/core/rejections.ts", [
  [
    "if (rejected.opcode !== Opcode.ScsiCommand) return;",
    "",
    "§7.3: a rejected Data-Out does not end its command",
  ],
  [
    "if (rejected.reason === RejectReason.WaitingForLogout) this.#parts.events.logoutDemanded();",
    "",
    "§11.17.1: a Reject that waits for a logout",
  ],
  [
    "if (isNumbered && serialLess(request.cmdSn, expCmdSn)) return isTask;",
    "",
    "§7.2.1: what the target has taken in is not sent again",
  ],
  [
    "if (!isTask && !(request instanceof TextExchange)) return false;",
    "return false;",
    "§7.8: a damaged command is sent again",
  ],
  [
    "if (serialLessOrEqual(expCmdSn, request.cmdSn)) this.#parts",
    "if (false) this.#parts",
    "§7.3: the gap of a rejected command is filled",
  ],
]);

const FRAMING: readonly Mutation[] = [
  ...inFile("iscsi/pdu/framer.ts", [
    ["if (length > this.maxDataSegmentLength) {", "if (false) {", "§13.12: longer than declared"],
    ["if (crc32c(header) === expected) return;", "return;", "§7.8: a wrong header digest"],
    [
      "const digest = this.#dataCrc && length > 0 ? DIGEST_LENGTH : 0;",
      "const digest = this.#dataCrc ? DIGEST_LENGTH : 0;",
      "§11.2.3: no data, no data digest",
    ],
    [
      "const length = BHS_LENGTH + ahsLength(this.#staging, this.#start);",
      "const length = BHS_LENGTH;",
      "§11.2.1.4: TotalAHSLength",
    ],
  ]),
  ...inFile("iscsi/pdu/data_out.ts", [
    ["const DATA_SN = 36;", "const DATA_SN = 32;", "§11.7: DataSN is at byte 36"],
    [
      "const BUFFER_OFFSET = 40;",
      "const BUFFER_OFFSET = 44;",
      "§11.7: Buffer Offset is at byte 40",
    ],
  ]),
  ...inFile("iscsi/pdu/scsi_command.ts", [
    ["const READ = 0x40;", "const READ = 0x20;", "§11.3.1: R is bit 6"],
    ["const ATTRIBUTES_MASK = 0x07;", "const ATTRIBUTES_MASK = 0x00;", "§11.3.1: ATTR"],
  ]),
  ...inFile("iscsi/pdu/ahs.ts", [
    [
      "const RESERVED_LENGTH = 1;",
      "const RESERVED_LENGTH = 0;",
      "§11.2.2.3: AHSLength counts the reserved byte",
    ],
  ]),
];

const LOGIN: readonly Mutation[] = [
  ...inFile("iscsi/negotiation/initiator_login.ts", [
    ["if (response.versionActive !== 0) {", "if (false) {", "§11.13.1: the version"],
    [
      "if (!equalBytes(response.isid, isid)) throw",
      "if (false) throw",
      "§11.13: the ISID is echoed",
    ],
    ["if (response.csg !== asked.csg) {", "if (false) {", "§11.13.6: the stage"],
    [
      "if (response.nsg !== asked.nsg) {",
      "if (false) {",
      "§11.13.6: the next stage is the one asked for",
    ],
    [
      "if (response.continue && (response.transit || asked.continue)) {",
      "if (false) {",
      "§6.2: C excludes T",
    ],
    [
      'if (response.tsih === 0 && this.#options.sessionType !== "discovery") {',
      "if (false) {",
      "§11.13.3: TSIH",
    ],
    [
      "const transit = this.#wantsTransit && !this.#text.hasMore;",
      "const transit = this.#wantsTransit;",
      "§6.2: C excludes T",
    ],
  ]),
  ...inFile("iscsi/negotiation/initiator_authentication.ts", [
    [
      "if (equalBytes(response, answerOf(secret))) {",
      "if (false) {",
      "§9.2.1: our own secret proves nothing",
    ],
    ["if (equalBytes(challenge, theirs)) {", "if (false) {", "§9.2.1: no challenge twice"],
    ["if (!proven || (target!.name", "if ((target!.name", "§12.1.3: the target's proof"],
    [
      'this.#state === "done" || (this.#state',
      "true || (this.#state",
      "§12.1.3: no proof, no session",
    ],
    ["identifier > 255 || ", "", "§12.1.3: CHAP_I has one byte"],
  ]),
  ...inFile("iscsi/negotiation/agreement.ts", [
    ["theirs && ours : theirs || ours", "theirs || ours : theirs && ours", "§13: AND and OR"],
    [
      "return String(Math[rule.kind](theirs, Number(own)));",
      "return String(Math.min(theirs, Number(own)));",
      "§13.15: the larger Time2Wait",
    ],
    [
      "return agree(rule, answered, offered) === value ? value : undefined;",
      "return value;",
      "§6.2: an answer keeps to the offer",
    ],
    [
      "return parseList(offered).includes(answered) ? answered : undefined;",
      "return answered;",
      "§6.2.1: an answer is one of the list",
    ],
  ]),
  ...inFile("iscsi/session/core/length_negotiation.ts", [
    ["isImmediate: true }", "isImmediate: false }", "§11.9.1: an asked-for negotiation at once"],
  ]),
  ...inFile("iscsi/negotiation/negotiate.ts", [
    [
      "this.refusal(length) === undefined ? this.#offered.get(length) : undefined;",
      "this.#offered.get(length);",
      "§6.2: what is refused keeps its value",
    ],
    [
      "return isUnanswered ? decisive : undefined;",
      "return undefined;",
      "§6.2.2: what needs no answer holds without one",
    ],
    [
      'if (own === undefined) return "NotUnderstood";',
      "if (own === undefined) return undefined;",
      "§6.2: NotUnderstood",
    ],
    [
      'if (stage === "full-feature" && use !== "ALL") return "Reject";',
      "",
      "§13: only some keys in full feature phase",
    ],
    [
      "maxReceiveDataSegmentLength: Number(ours)",
      "maxReceiveDataSegmentLength: Number(theirs)",
      "§13.12: each side declares its own",
    ],
  ]),
  ...inFile("iscsi/session/connection/login_phase.ts", [
    [
      "this.#cmdSn ??= this.#state.window.cmdSn;",
      "this.#state.window.cmdSn;",
      "§11.12.8: one CmdSN through a login",
    ],
  ]),
  ...inFile("iscsi/session/session_options.ts", [
    ["isid[0] = 0x80;", "isid[0] = 0x40;", "§11.12.5: random is type 10b"],
  ]),
];

const TARGET: readonly Mutation[] = [
  ...inFile("sim/target/requests/command_order.ts", [
    [
      "serialLessOrEqual(cmdSn, this.maxCmdSn) &&",
      "true &&",
      "§4.2.2.1: beyond MaxCmdSN is ignored",
    ],
    [
      "serialLessOrEqual(this.#expCmdSn, cmdSn) &&",
      "true &&",
      "§4.2.2.1: old commands are ignored",
    ],
    [
      "this.#expCmdSn = serialAdd(this.#expCmdSn, 1);",
      "this.#expCmdSn++;",
      "RFC 1982: numbers wrap",
    ],
  ]),
  ...inFile("iscsi/negotiation/target_authentication.ts", [
    ["if (!proven || reflected ||", "if (reflected ||", "§12.1.3: the initiator's proof"],
    ["equalBytes(challenge, ours) || ", "", "§9.2.1: our own challenge is not answered"],
  ]),
  ...inFile("iscsi/negotiation/target_login.ts", [
    [
      "if (!authentication.satisfied) throw new LoginRefusal(LoginStatus.AuthenticationFailure);",
      "",
      "§6.3: nobody skips the security stage",
    ],
    ["if (request.versionMin > 0) throw", "if (false) throw", "§11.12.4: the version"],
    ["!isSame || ", "", "§11.12: a login keeps its identity"],
  ]),
  ...inFile("sim/target/tasks/data_collection.ts", [
    ['if (!intact) this.#fault ??= "crc";', "", "§7.8: damaged data is not written"],
    ["sequence.dataSn++;", "", "§11.7.5: DataSN rises"],
  ]),
];

/** All mutations. */
export const MUTATIONS: readonly Mutation[] = [
  ...NUMBERING,
  ...DATA_OUT,
  ...REQUESTS,
  ...ANSWERS,
  ...RECOVERY,
  ...REJECTS,
  ...FRAMING,
  ...LOGIN,
  ...TARGET,
];
