import type { Track } from "../tape/track.ts";

/** What to call a track: artist and title, as far as the file tells. */
export function trackName({ metadata, file }: Pick<Track, "metadata" | "file">): string {
  const artist = metadata?.tags.get("ARTIST") ?? "";
  const title = metadata?.tags.get("TITLE") ?? "";
  if (artist === "" && title === "") return `File ${file + 1}`;
  return [artist, title].filter((part) => part !== "").join(" - ");
}
