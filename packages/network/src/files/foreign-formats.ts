/** A file format that Tersor does not read, and advice on what to do. */
export interface ForeignFormat {
  readonly format: string;
  readonly advice: string;
}

/** The first and the last bytes of a file, one character per byte. */
export interface FileEnds {
  readonly head: string;
  readonly tail: string;
}

/** What is said where there is no model. */
export const GIVE_A_MODEL = 'Give the path of a model: model.json, .tersor, .onnx, .keras or .h5.';

const LAYERS_MODEL = 'a LayersModel folder (--output_format=tfjs_layers_model)';
const FROM_KERAS = 'pip install tensorflowjs, then: TF_USE_LEGACY_KERAS=1 tensorflowjs_converter';
const NO_WAY_BACK = 'Its layers cannot be recovered: convert the network that it was made from';
const IMAGE = {
  format: 'an image',
  advice: 'Give a model; images belong to the data set (--dataset image-folder).',
};
const ONNX = {
  format: 'an ONNX model',
  advice: 'Install the plugin that reads it: npm install @tersor/format-onnx.',
};
const PYTORCH = {
  format: 'a PyTorch checkpoint',
  advice:
    'It holds weights for Python code. Export the network in Python with torch.onnx.export, and give the .onnx file.',
};
const KERAS_ZIP = {
  format: 'a .keras file',
  advice: `Install the plugin that reads it: npm install @tersor/format-keras. Or convert it to ${LAYERS_MODEL}: save it as .h5 in Python (model.save('model.h5')), then ${FROM_KERAS} --input_format=keras model.h5 folder`,
};

/** Advice for a SavedModel folder. */
export const SAVED_MODEL: ForeignFormat = {
  format: 'a TensorFlow SavedModel',
  advice: `If Keras wrote it, convert it to ${LAYERS_MODEL}: ${FROM_KERAS} --input_format=keras_saved_model --output_format=tfjs_layers_model folder target`,
};

/** Advice for the model.json of a GraphModel. */
export const GRAPH_MODEL: ForeignFormat = {
  format: 'a GraphModel, which has no layers',
  advice: `Give the path of its model.json, and install the plugin that reads it: npm install @tersor/format-tfjs-graph. Or convert the network that it was made from to ${LAYERS_MODEL}, from its Keras file.`,
};

/** Used if no other format matches. */
export const TEXT: ForeignFormat = {
  format: 'a text file',
  advice: GIVE_A_MODEL,
};

/** Formats by the start of their files; the first match counts. */
const BEGINNINGS: readonly (readonly [RegExp, ForeignFormat])[] = [
  [
    /^\x89HDF\r\n\x1a\n/,
    {
      format: 'a Keras .h5 file (HDF5)',
      advice: `Install the plugin that reads it: npm install @tersor/format-keras. Or convert it to ${LAYERS_MODEL}: ${FROM_KERAS} --input_format=keras model.h5 folder`,
    },
  ],
  [/^[^]{4}TFL3/, { format: 'a TFLite model', advice: `${NO_WAY_BACK} to ${LAYERS_MODEL}.` }],
  [/^\x08[\x01-\x14][\x12\x1a\x22\x3a]/, ONNX],
  [/^\x80[\x02-\x05]/, PYTORCH],
  [
    /^[^]{8}\{[\s]*"/,
    {
      format: 'a safetensors file',
      advice: 'It holds weights without a network. Load them into the network in Python and convert that.',
    },
  ],
  [
    /^GGUF/,
    {
      format: 'a GGUF file',
      advice: 'Tersor makes convolutional networks small; language models have tools of their own.',
    },
  ],
  [/^(\x89PNG|\xff\xd8\xff|GIF8|BM|II\*\0|MM\0\*|RIFF[^]{4}WEBP)/, IMAGE],
  [/^\x93NUMPY/, { format: 'a NumPy array', advice: 'Give a model; arrays of weights have no layers.' }],
  [/^%PDF/, { format: 'a PDF document', advice: 'Give a model.' }],
  [/^\x1f\x8b/, { format: 'a gzip archive', advice: 'Unpack it and give the model.json in it.' }],
  [/^[^]{257}ustar/, { format: 'a tar archive', advice: 'Unpack it and give the model.json in it.' }],
  [/^(\xff\xfe|\xfe\xff)/, { format: 'text in UTF-16', advice: 'A model.json is UTF-8: save it so.' }],
  [
    /^\x0a[^]{0,16}?(Placeholder|Const|input|x:?\x12)/,
    { format: 'a frozen TensorFlow graph', advice: `${NO_WAY_BACK} to ${LAYERS_MODEL}.` },
  ],
];

/** The format of a file that is neither a packed file nor JSON. */
export function foreignFormat({ head, tail }: FileEnds): ForeignFormat {
  if (head.startsWith('PK')) return zipFormat(head + tail);
  if (head.startsWith('\x08\x01\x12') && /serve|saved_model/.test(head + tail)) return SAVED_MODEL;
  for (const [beginning, format] of BEGINNINGS) if (beginning.test(head)) return format;
  if (head === '') return { format: 'an empty file', advice: GIVE_A_MODEL };
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(head)) {
    return {
      format: 'a binary file of no known kind',
      advice: `${GIVE_A_MODEL} Of a LayersModel, it is the model.json beside its weight files.`,
    };
  }
  if (/^\s*(model|dataset|network)\s*:/m.test(head))
    return {
      format: 'a config',
      advice: 'Configs are for: tersor compress <config>, tersor train <config>.',
    };
  return TEXT;
}

/** Tells archives apart by the file names in them, which are uncompressed at both ends of an archive. */
function zipFormat(names: string): ForeignFormat {
  if (/model\.weights\.h5|metadata\.json[^]*config\.json|config\.json[^]*metadata\.json/.test(names))
    return KERAS_ZIP;
  if (/data\.pkl|\.data\/serialization_id|constants\.pkl/.test(names)) return PYTORCH;
  if (/model\.json/.test(names))
    return { format: 'a zip archive with a model.json', advice: 'Unpack it and give that model.json.' };
  if (/\.npy/.test(names))
    return { format: 'a NumPy archive', advice: 'Give a model; arrays of weights have no layers.' };
  return { format: 'a zip archive', advice: 'Unpack it and give the model.json or .tersor file in it.' };
}
