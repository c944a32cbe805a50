/**
 * Templates of SEND VOLUME TAG: `*` stands for any characters, and `?` for one (SMC-3 §6.14).
 *
 * @module
 */

/** Whether a template stands for a label. Takes no longer than the product of their lengths, whatever the template. */
export function matchesTemplate(template: string, label: string): boolean {
  let at = 0;
  let star = -1;
  let covered = 0;
  for (let next = 0; next < label.length;) {
    if (template[at] === "*") {
      star = at++;
      covered = next;
    } else if (template[at] === "?" || template[at] === label[next]) {
      at++;
      next++;
    } else if (star >= 0) {
      // The last star covers one character more; those before it need not change.
      at = star + 1;
      next = ++covered;
    } else {
      return false;
    }
  }
  return /^\**$/.test(template.slice(at));
}
