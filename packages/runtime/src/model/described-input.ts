import { isRecord } from '../bytes/bounded-json.js';

/** How to convert an image to the input of a model. */
export interface Preprocessing {
  /** Height and width of the input. */
  readonly size: readonly [height: number, width: number];
  /** Pixels to resize the shorter side to before cropping the centre; by default the size itself. */
  readonly resize?: number;
  /** Each channel is `(pixel / 255 - mean) / std`; in the model's order of channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Order of the channels of a colour image. */
  readonly order: 'rgb' | 'bgr';
}

/** Description of a model's input and output, in files packed with `describe: true`. */
export interface ModelDescription {
  readonly preprocessing?: Preprocessing;
  /** Names of the classes, in the order of the scores. */
  readonly classNames?: readonly string[];
}

/** Reads the description from the field `tersor` of the user's metadata; malformed parts are left out. */
export function describedInput(userDefinedMetadata: unknown): ModelDescription {
  const own = isRecord(userDefinedMetadata) ? userDefinedMetadata['tersor'] : undefined;
  if (!isRecord(own)) return {};
  const { preprocessing, classNames } = own;
  return {
    ...(isPreprocessing(preprocessing) && { preprocessing }),
    ...(Array.isArray(classNames) &&
      classNames.every((name) => typeof name === 'string') && { classNames: classNames as string[] }),
  };
}

function isPreprocessing(value: unknown): value is Preprocessing {
  if (!isRecord(value)) return false;
  const { size, resize, mean, std, order } = value;
  return (
    numbers(size) &&
    size.length === 2 &&
    (resize === undefined || typeof resize === 'number') &&
    numbers(mean) &&
    numbers(std) &&
    (mean.length === 1 || mean.length === 3) &&
    mean.length === std.length &&
    (order === 'rgb' || order === 'bgr')
  );
}

function numbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
