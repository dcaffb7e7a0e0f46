/** The colours of twlab/looks.py, written by tests/palette.py. */

export const CATEGORIES = {
  light:
    "#006cb8 #cb4e0f #1b9484 #e162a5 #bc8839 #4193fa #243aa1 #7e784e #78083d #834312 #1d6a50 #7f58ea #0c4f83 #853d1d #1c6764 #934977 #7c6037 #3367aa #213175 #575643 #541339 #5a371f #1d4e44 #5843a1 #133d62 #5a3326 #1c4b4f #623a5b #554735 #2a4b79 #1f2c5a #3f413c #3d1a36 #412f27 #1d3c3d #3f3673",
  dark: "#4c94bf #ec4f07 #2fc0ad #cdb0e7 #f0c67d #a8e6fa #836de4 #e4ef00 #be5083 #9c916f #89be24 #df79ff #8ab7d4 #ea8e65 #79d2c9 #d8c8ec #edd5ac #c2e8f7 #aba0ea #e6ee61 #cf8eb0 #bab5a4 #afd077 #e3a7fa #b1cde1 #e9b5a0 #a7ddda #dfd7ef #ebdfca #d2eaf5 #c5c0ee #e7ed9e #d9b5cc #cdccc5 #c7dcab #e5c4f7",
};

export const MARKS = {
  light: "#440154 #482475 #414487 #355f8d #2a788e #21918c #22a884 #44bf70",
  dark: "#355f8d #2a788e #21918c #22a884 #44bf70 #7ad151 #bddf26 #fde725",
};

export const SIMILARITY = {
  light: "#f4faf6 #bfe6cf #7dcfb6 #45b0ac #348ba6 #375e97 #3b3771 #1c1430",
  dark: "#101218 #26223f #3b3a73 #36609b #348fa7 #45bbad #93ddb6 #f1fbef",
};

export const MISSING = {
  light: "#c9ccd1",
  dark: "#4a4e57",
};
