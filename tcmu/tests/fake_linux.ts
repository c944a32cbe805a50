import type { KernelFiles } from "../kernel/kernel_files.ts";
import type { ClosableRing, KernelHost } from "../kernel/served_backstore.ts";
import { TcmuError } from "../tcmu_error.ts";
import { ScriptedKernel } from "./scripted_kernel.ts";

const TARGET = "/sys/kernel/config/target";

/** A folder with what is in it, a text, or a symbolic link. */
type Node = Map<string, Node> | string | { readonly target: string };

/** A ring that remembers whether it was let go. */
class FakeRing extends ScriptedKernel implements ClosableRing {
  closed = false;

  end(): void {
    this.remove();
  }

  close(): void {
    this.closed = true;
  }
}

/** As much of Linux as attaching takes: configfs and sysfs in memory, rings in plain memory. */
export class FakeLinux implements KernelHost {
  readonly files: KernelFiles;
  /** The ring of each UIO device, by its number. */
  readonly rings: FakeRing[] = [];
  /** What was changed, in order. */
  readonly changes: string[] = [];
  /** Which change is refused, counted from 0. */
  refused = -1;
  readonly #root = new Map<string, Node>();
  #enabled = 0;

  constructor() {
    for (const path of [`${TARGET}/core/alua`, "/sys/class/uio", "/proc/self/fd"]) {
      this.#makeAll(path);
    }
    this.#put(`${TARGET}/version`, "4");
    this.files = {
      list: (path) => Promise.resolve(this.#names(path)),
      read: (path) => Promise.resolve(this.#text(path)),
      linkTarget: (path) => {
        const node = this.#find(path);
        return Promise.resolve(
          typeof node === "object" && "target" in node ? node.target : undefined,
        );
      },
      write: (path, text) => this.#change(`write ${path} ${text}`, () => this.#write(path, text)),
      makeFolder: (path) => this.#change(`make ${path}`, () => this.#makeFolder(path)),
      link: (target, path) => this.#change(`link ${path}`, () => this.#link(target, path)),
      remove: (path) => this.#change(`remove ${path}`, () => this.#remove(path)),
    };
  }

  openUio(path: string): ClosableRing {
    const number = Number(path.slice("/dev/uio".length));
    if (this.rings[number]?.closed === false) {
      throw new TcmuError(`Cannot open ${path}: Device or resource busy`);
    }
    return this.rings[number] = new FakeRing();
  }

  /** Everything there is, a line each. */
  tree(): string[] {
    const lines: string[] = [];
    const walk = (path: string, node: Node) => {
      lines.push(path);
      if (node instanceof Map) { for (const [name, child] of node) walk(`${path}/${name}`, child); }
    };
    walk("", this.#root);
    return lines.sort();
  }

  /** A process has the UIO device open, or none has. */
  setServer(uio: number, processId: number | undefined): void {
    for (const name of this.#names("/proc")) {
      if (name !== "self") this.#folder("/proc").delete(name);
    }
    if (processId === undefined) return;
    this.#makeAll(`/proc/${processId}/fd`);
    this.#put(`/proc/${processId}/fd/7`, { target: `/dev/uio${uio}` });
  }

  /** Somebody hands the device on through a fabric of his own. */
  handOn(backstore: string): void {
    const folder = `${TARGET}/iscsi/iqn.2026-03.com.example:x/tpgt_1/lun/lun_0`;
    this.#makeAll(folder);
    this.#put(`${folder}/x`, { target: `../../../../../..${backstore.slice(TARGET.length)}` });
  }

  async #change<T>(what: string, act: () => T): Promise<T> {
    await undefined;
    if (this.changes.push(what) - 1 === this.refused) {
      throw new TcmuError(`Cannot ${what}: refused`);
    }
    return act();
  }

  #write(path: string, text: string): void {
    if (typeof this.#find(path) !== "string") throw new TcmuError(`Cannot write ${path}: missing`);
    const folder = path.slice(0, path.lastIndexOf("/"));
    const config = /^dev_config=(.*)/.exec(text)?.[1];
    if (path.endsWith("/control") && config !== undefined) {
      this.#put(`${folder}/attrib/dev_config`, config);
    } else if (path.endsWith("/enable")) {
      this.#enable(folder);
    } else {
      this.#put(path, text);
    }
  }

  #enable(folder: string): void {
    const [adapter, name] = folder.split("/").slice(-2);
    const config = this.#text(`${folder}/attrib/dev_config`);
    const uio = `/sys/class/uio/uio${this.#enabled++}`;
    this.#makeAll(`${uio}/maps/map0`);
    this.#put(`${uio}/name`, `tcm-user/${adapter.slice(5)}/${name}/${config}`);
    this.#put(`${uio}/maps/map0/size`, "0x2000");
  }

  #makeFolder(path: string): boolean {
    if (this.#find(path) !== undefined) return false;
    const parent = this.#find(path.slice(0, path.lastIndexOf("/")));
    if (!(parent instanceof Map)) throw new TcmuError(`Cannot make ${path}: no such folder`);
    this.#makeAll(path);
    if (/\/core\/user_\d+$/.test(path)) this.#put(`${path}/hba_info`, "");
    if (/\/core\/user_\d+\/[^/]+$/.test(path)) this.#defaults(path, BACKSTORE_DEFAULTS);
    if (/\/tpgt_1$/.test(path)) {
      this.#defaults(path, GROUP_DEFAULTS);
      this.#makeAll(`${path}/lun`);
    }
    return true;
  }

  #defaults(path: string, texts: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(texts)) {
      const full = `${path}/${name}`;
      this.#makeAll(full.slice(0, full.lastIndexOf("/")));
      this.#put(full, text);
    }
  }

  #link(target: string, path: string): void {
    this.#put(path, { target: `../..${target.slice(TARGET.length)}` });
    const lun = /\/loopback\/.*lun_(\d+)\/[^/]*$/.exec(path)?.[1];
    if (lun === undefined) return;
    const device = `/sys/class/scsi_device/0:0:1:${lun}/device`;
    this.#makeAll(`${device}/scsi_tape/nst${lun}`);
    this.#makeAll(`${device}/scsi_tape/st${lun}`);
  }

  #remove(path: string): boolean {
    const node = this.#find(path);
    if (node === undefined) return false;
    const parent = this.#folder(path.slice(0, path.lastIndexOf("/")));
    if (node instanceof Map) {
      this.#mustBeFree(path, node);
      if (path.includes("/core/user_")) this.#removeUio(path);
    } else if (path.includes("/loopback/")) {
      const lun = /lun_(\d+)\/[^/]*$/.exec(path)![1];
      this.#folder("/sys/class").delete("scsi_device");
      this.changes.push(`scsi device ${lun} is gone`);
    }
    return parent.delete(path.slice(path.lastIndexOf("/") + 1));
  }

  /** What the kernel itself has put into a folder does not keep it. */
  #mustBeFree(path: string, node: Map<string, Node>): void {
    const leads = this.tree().map((line) => this.#find(line)).some((one) =>
      typeof one === "object" && "target" in one && one.target.endsWith(path.slice(TARGET.length))
    );
    const own = ["attrib", "action", "lun"];
    const isInUse = [...node].some(([name, child]) =>
      !own.includes(name) && typeof child !== "string" ||
      name === "lun" && (child as Map<string, Node>).size > 0
    );
    if (leads || isInUse) throw new TcmuError(`Cannot remove ${path}: Device or resource busy`);
  }

  #removeUio(path: string): void {
    const [adapter, name] = path.split("/").slice(-2);
    for (const uio of this.#names("/sys/class/uio")) {
      const label = this.#text(`/sys/class/uio/${uio}/name`);
      if (!label?.startsWith(`tcm-user/${adapter.slice(5)}/${name}/`)) continue;
      this.#folder("/sys/class/uio").delete(uio);
      this.rings[Number(uio.slice(3))]?.remove();
    }
  }

  #names(path: string): string[] {
    const node = this.#find(path);
    return node instanceof Map ? [...node.keys()].sort() : [];
  }

  #text(path: string): string | undefined {
    const node = this.#find(path);
    return typeof node === "string" ? node : undefined;
  }

  #folder(path: string): Map<string, Node> {
    return this.#find(path) as Map<string, Node>;
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/").filter(Boolean)) {
      node = node instanceof Map ? node.get(name) : undefined;
    }
    return node;
  }

  #put(path: string, node: Node): void {
    this.#folder(path.slice(0, path.lastIndexOf("/"))).set(
      path.slice(path.lastIndexOf("/") + 1),
      node,
    );
  }

  #makeAll(path: string): void {
    let folder = this.#root;
    for (const name of path.split("/").filter(Boolean)) {
      if (!folder.has(name)) folder.set(name, new Map());
      folder = folder.get(name) as Map<string, Node>;
    }
  }
}

const BACKSTORE_DEFAULTS = {
  control: "",
  enable: "0",
  "attrib/dev_config": "",
  "attrib/cmd_time_out": "30",
  "attrib/tmr_notification": "0",
  "action/block_dev": "",
  "action/reset_ring": "",
};

const GROUP_DEFAULTS = { nexus: "", address: "0:0:1" };
