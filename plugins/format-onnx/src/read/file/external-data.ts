import { open, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { TensorProto } from 'onnx-buf' with { 'resolution-mode': 'import' };
import { isInside, TersorError } from '@tersor/core';
import { damaged } from './damage.js';

/** Location of the bytes of a tensor in a file beside the model. */
interface Location {
  readonly path: string;
  readonly offset: number;
  readonly length: number | undefined;
}

/** Whether the bytes of a tensor are in another file. */
export function isExternal(tensor: TensorProto): boolean {
  return Number(tensor.dataLocation) === 1;
}

/** The real path of the file that holds a tensor, inside the model's folder. Throws `MODEL_INVALID`. */
export async function externalFile(model: string, tensor: TensorProto): Promise<string> {
  return (await locationOf(model, tensor)).path;
}

/** Reads the bytes of a tensor in another file. Throws `MODEL_INVALID`. */
export async function externalBytes(model: string, tensor: TensorProto): Promise<Uint8Array> {
  const { path, offset, length } = await locationOf(model, tensor);
  const { size } = await stat(path);
  const wanted = length ?? size - offset;
  if (!(offset >= 0 && wanted >= 0 && offset + wanted <= size))
    throw damaged(
      `the tensor "${tensor.name}" is bytes ${offset} to ${offset + wanted} of a file that has ${size}.`,
    );
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(wanted);
    let done = 0;
    while (done < wanted) {
      const { bytesRead } = await file.read(bytes, done, wanted - done, offset + done);
      if (bytesRead === 0) throw damaged(`the file of the tensor "${tensor.name}" ends too soon.`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function locationOf(model: string, tensor: TensorProto): Promise<Location> {
  const fields = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = fields.get('location') ?? '';
  const outside = () =>
    damaged(`the tensor "${tensor.name}" lies in "${location}", which is not in the model's folder.`);
  if (location === '' || location.includes('\0') || isAbsolute(location)) throw outside();
  const folder = await realpath(dirname(model));
  const path = await realpath(join(folder, location)).catch((cause: unknown) => {
    // For a path that leads out of the folder, do not reveal whether it exists.
    if (!isInside(folder, join(folder, location))) throw outside();
    throw new TersorError(
      'MODEL_INVALID',
      `The weights of "${tensor.name}" are missing: there is no file "${location}" beside the model.`,
      { cause, hint: 'Put the files that torch.onnx.export wrote with external data into one folder.' },
    );
  });
  if (!isInside(folder, path) || !(await stat(path)).isFile()) throw outside();
  const number = (key: string) => {
    const text = fields.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw damaged(`the tensor "${tensor.name}" has the ${key} "${text}".`);
  };
  return { path, offset: number('offset') ?? 0, length: number('length') };
}
