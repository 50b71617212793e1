//! Chinese text: one normalisation for everything that is compared, words, pinyin. Pure functions.
