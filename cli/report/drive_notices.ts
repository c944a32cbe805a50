import type { DriveNotice } from "../../mod.ts";
import type { NotReadyReason } from "../../tape/errors.ts";
import type { Reporter } from "./reporter.ts";

/** What a drive that is waited for is doing. */
const WAITING: Readonly<Record<NotReadyReason | "busy", string>> = {
  "becoming-ready": "loading or calibrating the cartridge",
  "busy": "busy with another command",
  "cleaning": "being cleaned",
  "formatting": "formatting the cartridge",
  "manual-intervention": "in need of somebody at it",
  "needs-load": "threading the cartridge",
  "no-medium": "without a cartridge",
  "offline": "offline",
  "operation-in-progress": "busy with another operation",
  "other": "not ready",
};

/** Tells people what a drive says beside the outcome of commands; what it says again and again, once. */
export function noticeTeller(reporter: Reporter): (notice: DriveNotice) => void {
  let told = "";
  return (notice) => {
    const text = noticeText(notice);
    if (text === undefined || text === told) return;
    told = text;
    if (notice.kind === "waiting") reporter.note(text);
    else reporter.warn(text);
  };
}

/** `undefined` for what is of no interest to people at a terminal. */
function noticeText(notice: DriveNotice): string | undefined {
  switch (notice.kind) {
    case "waiting":
      return `The drive is ${WAITING[notice.reason]}: waiting for it; interrupt to give up`;
    case "cleaning":
      return "the drive asks to be cleaned";
    case "reconnecting":
      return "the connection is lost: connecting again";
    case "reconnected":
      return "connected again";
    case "recovered":
    case "image":
      return notice.message;
    case "attention":
      return undefined;
  }
}
