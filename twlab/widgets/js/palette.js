/** The colours of twlab/looks.py, written by tests/palette.py. */

export const CATEGORIES =
  "#0399fb #f86703 #0f7417 #9535be #ad366f #9c9661 #ce1d0a #62929f #e163d3 #7868a1 #aa6a64 #645fef #3490cf #c7723a #3b7a46 #8b54aa #9a547b #908e72 #ae453e #6d8c97 #b96fb7 #7a7299 #987474 #6e6dc7 #528ab3 #a8795c #567d63 #85679e #8e6782 #88897d #995f5e #748893 #a077a5 #7b7993 #8d7a7e #7476af";

export const MARKS = "#1259e3 #6950e9 #9947dd #c03ec1 #df389b #f43b6b #fe4b27 #e2760c";

export const SIMILARITY = "#440154 #46327e #365c8d #277f8e #1fa187 #4ac16d #a0da39 #fde725";

/** Categories before the greyer ones. */
export const N_STRONG = 12;

export const MISSING = {
  light: "#8c9097",
  dark: "#6b7079",
};

export const MUTED = {
  light: "#5a6478",
  dark: "#a3adbd",
};
