// A guard against hanging, not a target: CI machines can be slow and shared.
jest.setTimeout(300_000);

// tfjs advertises its native backend in every process that computes with another one, and says when a test has
// loaded it anew.
const EXPECTED = ['you are running TensorFlow.js in Node.js', 'Platform node has already been set'];
const { warn } = console;
console.warn = (...told) => {
  if (!EXPECTED.some((text) => String(told[0]).includes(text))) warn(...told);
};
