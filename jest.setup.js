// A guard against hanging, not a target: CI machines can be slow and shared.
jest.setTimeout(180_000);

// tfjs advertises its native backend in every process that computes with another one.
const { warn } = console;
console.warn = (...told) => {
  if (!String(told[0]).includes('you are running TensorFlow.js in Node.js')) warn(...told);
};
