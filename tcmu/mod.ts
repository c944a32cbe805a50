/**
 * The bridge to TCMU: simulated tape drives and libraries, or any other device server, as devices of the Linux kernel.
 * With the loopback fabric they are /dev/nst0 and /dev/sch0 of this computer; with others, such as iSCSI, the kernel
 * serves them to whoever is on the other side.
 *
 * From a shell it is `main.ts`.
 *
 * @module
 */

export type { DeviceServer, Nexus, Task, TaskResult } from "@uiscsi/tape/sim";
export {
  attach,
  type AttachedUnit,
  type Attachment,
  type AttachOptions,
  type TcmuUnit,
} from "./attachment.ts";
export {
  type AttachedDevice,
  attachedDevices,
  cleanUp,
  type CleanUpOptions,
} from "./attached_devices.ts";
export { runTcmu } from "./command/run_tcmu.ts";
export { linuxTcmuHost } from "./command/linux_tcmu_host.ts";
export type { TcmuHost } from "./command/tcmu_host.ts";
export type { KernelFiles } from "./kernel/kernel_files.ts";
export type { ClosableRing, KernelHost } from "./kernel/served_backstore.ts";
export type { SharedRing } from "./server/shared_ring.ts";
export { TcmuError, type TcmuErrorOptions } from "./tcmu_error.ts";
