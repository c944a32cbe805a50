import assert from "node:assert/strict";
import { AsyncEvent, asyncEventName } from "../../../iscsi/pdu/async_message.ts";
import { LoginStatus, loginStatusName } from "../../../iscsi/pdu/login_status.ts";
import {
  LogoutReason,
  logoutReasonName,
  LogoutResponseCode,
  logoutResponseName,
} from "../../../iscsi/pdu/logout.ts";
import { RejectReason, rejectReasonName } from "../../../iscsi/pdu/reject.ts";
import { SnackType, snackTypeName } from "../../../iscsi/pdu/snack.ts";
import {
  TaskManagementFunction,
  taskManagementFunctionName,
  TaskManagementResponseCode,
  taskManagementResponseName,
} from "../../../iscsi/pdu/task_management.ts";

interface CodeTable {
  readonly section: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly name: (code: number) => string;
  /** Codes of the standard, with words that the name must hold. */
  readonly codes: readonly (readonly [number, RegExp])[];
  readonly undefinedCode: number;
}

const TABLES: readonly CodeTable[] = [
  {
    section: "§11.5.1",
    constants: TaskManagementFunction,
    name: taskManagementFunctionName,
    codes: [
      [1, /^ABORT TASK$/],
      [2, /^ABORT TASK SET$/],
      [3, /^CLEAR ACA$/],
      [4, /^CLEAR TASK SET$/],
      [5, /^LOGICAL UNIT RESET$/],
      [6, /^TARGET WARM RESET$/],
      [7, /^TARGET COLD RESET$/],
      [8, /^TASK REASSIGN$/],
    ],
    undefinedCode: 0,
  },
  {
    section: "§11.6.1",
    constants: TaskManagementResponseCode,
    name: taskManagementResponseName,
    codes: [
      [0, /function complete/],
      [1, /task does not exist/],
      [2, /LUN does not exist/],
      [3, /still allegiant/],
      [4, /reassignment not supported/],
      [5, /function not supported/],
      [6, /authorization failed/],
      [255, /rejected/],
    ],
    undefinedCode: 8,
  },
  {
    section: "§11.9.1",
    constants: AsyncEvent,
    name: asyncEventName,
    codes: [
      [0, /SCSI/],
      [1, /logout/],
      [2, /drop the connection/],
      [3, /drop all connections/],
      [4, /negotiation/],
      [5, /tasks/],
    ],
    undefinedCode: 247,
  },
  {
    section: "§11.14.1",
    constants: LogoutReason,
    name: logoutReasonName,
    codes: [[0, /close the session/], [1, /close the connection/], [2, /recovery/]],
    undefinedCode: 3,
  },
  {
    section: "§11.15.1",
    constants: LogoutResponseCode,
    name: logoutResponseName,
    codes: [[0, /success/], [1, /CID not found/], [2, /not supported/], [3, /cleanup failed/]],
    undefinedCode: 4,
  },
  {
    section: "§11.16.1",
    constants: SnackType,
    name: snackTypeName,
    codes: [[0, /Data\/R2T/], [1, /Status/], [2, /DataACK/], [3, /R-Data/]],
    undefinedCode: 4,
  },
  {
    section: "§11.17.1",
    constants: RejectReason,
    name: rejectReasonName,
    codes: [
      [0x02, /data digest error/],
      [0x03, /SNACK/],
      [0x04, /protocol error/],
      [0x05, /command not supported/],
      [0x06, /immediate command/],
      [0x07, /task in progress/],
      [0x08, /invalid data ACK/],
      [0x09, /invalid PDU field/],
      [0x0a, /long operation/],
      [0x0b, /negotiation reset/],
      [0x0c, /waiting for logout/],
    ],
    undefinedCode: 0x0d,
  },
  {
    section: "§11.13.5",
    constants: LoginStatus,
    name: (status) => loginStatusName(status >>> 8, status & 0xff),
    codes: [
      [0x0000, /^success$/],
      [0x0101, /moved temporarily/],
      [0x0102, /moved permanently/],
      [0x0200, /^initiator error$/],
      [0x0201, /authentication/],
      [0x0202, /authorization/],
      [0x0203, /not found/],
      [0x0204, /removed/],
      [0x0205, /version/],
      [0x0206, /too many connections/],
      [0x0207, /missing parameter/],
      [0x0208, /cannot include in session/],
      [0x0209, /session type/],
      [0x020a, /session does not exist/],
      [0x020b, /during login/],
      [0x0300, /^target error$/],
      [0x0301, /service unavailable/],
      [0x0302, /out of resources/],
    ],
    undefinedCode: 0x0400,
  },
];

for (const { section, constants, name, codes, undefinedCode } of TABLES) {
  Deno.test(`codes and names are those of RFC 7143 ${section}`, () => {
    assert.deepEqual(Object.values(constants), codes.map(([code]) => code));
    for (const [code, words] of codes) assert.match(name(code), words);
    assert.match(name(undefinedCode), /^unknown/);
  });
}

Deno.test("asyncEventName() tells the vendor's events from unknown ones", () => {
  assert.equal(asyncEventName(247), "unknown code 0xf7");
  assert.equal(asyncEventName(248), "vendor-specific event 0xf8");
  assert.equal(asyncEventName(255), "vendor-specific event 0xff");
});

Deno.test("loginStatusName() names the class where it does not know the detail", () => {
  assert.equal(loginStatusName(1, 0), "redirection (detail 0x00)");
  assert.equal(loginStatusName(2, 0x7f), "initiator error (detail 0x7f)");
  assert.equal(loginStatusName(3, 0xff), "target error (detail 0xff)");
  assert.equal(loginStatusName(0xff, 0xff), "unknown status class 0xff (detail 0xff)");
});
