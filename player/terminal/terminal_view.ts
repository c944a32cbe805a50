import type { Clock } from "@uiscsi/tape";
import type { PlayerView } from "../core/player_view.ts";
import { type KeyMeaning, KeyReader } from "./keys.ts";
import { renderScreen } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

/** xterm's alternate screen with the cursor saved, hidden, and no line wrap; and back in reverse order. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[0m\x1b[?25h\x1b[?1049l";
const REFRESH_MS = 100;

/** What a {@link TerminalView} is made from. */
export interface TerminalViewParts {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** What there is to see now. */
  readonly look: () => PlayerView;
  /** Is told what each key asks for. */
  readonly onKey: (key: KeyMeaning) => void;
}

/** Shows the player on a terminal's alternate screen, and hears its keys. */
export class TerminalView {
  readonly #parts: TerminalViewParts;
  readonly #keys = new KeyReader();
  #shown: string[] = [];
  /** Everything is drawn anew when this changes: a sound library may have written over the screen. */
  #status = "";
  #endings: (() => void)[] = [];
  #cancelRefresh = () => {};
  #isOpen = false;

  constructor(parts: TerminalViewParts) {
    this.#parts = parts;
  }

  /** Takes the terminal. */
  open(): void {
    const { terminal, onKey } = this.#parts;
    this.#isOpen = true;
    terminal.setRaw(true);
    terminal.write(ENTER);
    this.#endings = [
      terminal.onInput((text) => {
        for (const key of this.#keys.read(text)) {
          if (this.#isOpen) onKey(key);
        }
        this.refresh();
      }),
      terminal.onResize(() => {
        this.#shown = [];
        this.refresh();
      }),
    ];
    this.#tick();
  }

  /** Shows what is different. */
  refresh(): void {
    if (!this.#isOpen) return;
    const { terminal, look } = this.#parts;
    const { columns, rows } = terminal;
    const view = look();
    if (view.status !== this.#status) this.#shown = [];
    this.#status = view.status;
    const lines = renderScreen(view, { columns, rows });
    const changed = lines.flatMap((line, row) =>
      line === this.#shown[row] ? [] : [`\x1b[${row + 1};1H${line}`]
    );
    this.#shown = [];
    try {
      if (changed.length > 0) terminal.write(changed.join(""));
      this.#shown = lines;
    } catch {
      // It took a part at most; next time it gets everything.
    }
  }

  /** Gives the terminal back as it was. Calling it again does nothing, and it never throws, so that every way out may call it. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cancelRefresh();
    for (const end of this.#endings) end();
    this.#quietly((terminal) => terminal.write(LEAVE));
    this.#quietly((terminal) => terminal.setRaw(false));
  }

  #tick(): void {
    this.refresh();
    this.#cancelRefresh = this.#parts.clock.schedule(() => this.#tick(), REFRESH_MS);
  }

  /** The terminal may be gone by now. */
  #quietly(restore: (terminal: Terminal) => void): void {
    try {
      restore(this.#parts.terminal);
    } catch {
      // Then there is nothing to restore.
    }
  }
}
