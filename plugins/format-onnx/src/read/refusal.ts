/** Why a node is not read, in words that follow its name: `has dilations [2, 2]`. */
export class Refusal extends Error {}
