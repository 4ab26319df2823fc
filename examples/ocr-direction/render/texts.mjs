// What the lines say. No word and no Chinese character is in two splits.
import { words } from 'popular-english-words';

/** The 3,755 common characters of GB 2312 (its first level): rows 16 to 55, less the end of the last. */
const CHARACTERS = Array.from({ length: 40 * 94 - 5 }, (_, i) =>
  new TextDecoder('gbk').decode(Uint8Array.of(0xb0 + Math.floor(i / 94), 0xa1 + (i % 94))),
);
const WORDS = words.getMostPopular(12000).filter((word) => /^[a-z]{3,12}$/.test(word));

/** Of five words (or characters), one after the other, those of a split. */
const SHARES = { train: [0, 1, 2], validation: [3], test: [4] };

/**
 * Words and characters of a split.
 * @param {'train' | 'validation' | 'test'} split
 */
export function wordsOf(split) {
  const own = (list) => list.filter((_, i) => SHARES[split].includes(i % 5));
  return { latin: own(WORDS), chinese: own(CHARACTERS) };
}

/** Signs that look alike, or like another sign, when they are upside down. */
const SYMMETRIC = /^[0125689OoIlHNSXZxsznupdbq ,.:/%$()+-]*$/;

/**
 * The text of a line in Latin letters: words in one of three cases, or a number as it stands on a bill.
 * Never one that reads the same upside down.
 */
export function latinText(random, { latin }) {
  for (;;) {
    const text = random.uniform() < 0.2 ? numberText(random, latin) : wordsText(random, latin);
    if (!SYMMETRIC.test(text)) return text;
  }
}

function wordsText(random, latin) {
  const count = 1 + random.integer(random.uniform() < 0.5 ? 2 : 4);
  const cased = [
    (word) => word,
    (word) => word[0].toUpperCase() + word.slice(1),
    (word) => word.toUpperCase(),
  ][random.integer(3)];
  return Array.from({ length: count }, () => cased(pick(random, latin))).join(' ');
}

function numberText(random, latin) {
  const number = (below) => String(random.integer(below));
  return [
    () => `${pick(random, latin)} ${number(1000)}.${number(90)}`,
    () => `No. ${number(100000)}`,
    () => `${number(28)}.${number(12)}.20${number(90)} ${number(23)}:${number(59)}`,
    () => `$${number(2000)}.${number(90)}`,
    () => `+${number(90)} ${number(1000)} ${number(10000000)}`,
    () => `${number(100)}% ${pick(random, latin)}`,
  ][random.integer(6)]();
}

/** A line of Chinese: some characters that the font has, now and then with a number. */
export function chineseText(random, { chinese }, font) {
  const count = 2 + random.integer(random.uniform() < 0.5 ? 4 : 8);
  let text = '';
  while (text.length < count) {
    const character = pick(random, chinese);
    if (font.charToGlyphIndex(character) > 0) text += character;
  }
  return random.uniform() < 0.2 ? text + String(random.integer(1000)) : text;
}

/** One of a list. */
export function pick(random, list) {
  return list[random.integer(list.length)];
}
