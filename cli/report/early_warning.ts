/** What early warning means to people. */
export const EARLY_WARNING = "early warning: the end of the tape is near";
