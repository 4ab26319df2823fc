// Fonts of each split, all from npm. No family is in two splits.
import { readFileSync } from 'node:fs';
import opentype from 'opentype.js';

/** Where npm has put them. */
const packages = new URL('../node_modules/', import.meta.url);

/** Latin families of Fontsource: their styles, as their files are named. */
const LATIN = {
  train: {
    roboto: ['400-normal', '700-normal', '400-italic'],
    lora: ['400-normal', '700-italic'],
    oswald: ['500-normal'],
    inconsolata: ['500-normal'],
    caveat: ['600-normal'],
    'crimson-text': ['400-normal', '600-italic'],
    karla: ['600-normal'],
    arvo: ['400-normal'],
    'courier-prime': ['400-normal'],
  },
  validation: {
    nunito: ['400-normal', '800-normal'],
    'pt-serif': ['400-normal', '700-italic'],
    'barlow-condensed': ['500-normal'],
  },
  test: {
    'pt-sans': ['400-normal', '700-normal'],
    'playfair-display': ['400-normal', '700-italic'],
    'ubuntu-mono': ['400-normal'],
    'zilla-slab': ['500-normal'],
  },
};

/** Chinese fonts: files of packages. */
const CHINESE = {
  train: [
    '@expo-google-fonts/zcool-xiaowei/400Regular/ZCOOLXiaoWei_400Regular.ttf',
    '@expo-google-fonts/zcool-qingke-huangyou/400Regular/ZCOOLQingKeHuangYou_400Regular.ttf',
    '@expo-google-fonts/ma-shan-zheng/400Regular/MaShanZheng_400Regular.ttf',
  ],
  validation: ['@expo-google-fonts/zcool-kuaile/400Regular/ZCOOLKuaiLe_400Regular.ttf'],
  test: [
    '@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf',
    '@embedpdf/fonts-sc/fonts/NotoSansHans-Bold.otf',
  ],
};

const parsed = new Map();

/**
 * The fonts of a split, read once.
 * @param {'train' | 'validation' | 'test'} split
 * @returns {{ latin: import('opentype.js').Font[], chinese: import('opentype.js').Font[] }}
 */
export function fontsOf(split) {
  const latin = Object.entries(LATIN[split]).flatMap(([family, styles]) =>
    styles.map((style) => `@fontsource/${family}/files/${family}-latin-${style}.woff`),
  );
  return { latin: latin.map(font), chinese: CHINESE[split].map(font) };
}

function font(file) {
  if (!parsed.has(file)) {
    const { buffer, byteOffset, byteLength } = readFileSync(new URL(file, packages));
    parsed.set(file, opentype.parse(buffer.slice(byteOffset, byteOffset + byteLength)));
  }
  return parsed.get(file);
}
