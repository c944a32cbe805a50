import { type Command, defineCommandFamily } from "../command.ts";
import { imageInspect } from "./image_inspect.ts";
import { imageLoad } from "./image_load.ts";
import { imageSave } from "./image_save.ts";

/** `tape image`. */
export const imageCommand: Command = defineCommandFamily({
  name: "image",
  group: "Images",
  brief: "Tapes in files: save one from a drive, load one into a drive, inspect one.",
  details:
    "Saves SIMH .tap; loads and inspects AWSTAPE, HET with zlib, E11, TPC (by its name), and what " +
    "copytape writes, too.",
  examples: [
    "tape image save tape7.tap",
    "tape image load old.aws --yes",
    "tape image inspect tape7.tap",
  ],
}, [imageSave, imageLoad, imageInspect]);
