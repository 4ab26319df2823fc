import { COMMANDS } from './command-table.js';

test.each(COMMANDS)('the list of commands says of $name what the command says itself', async (entry) => {
  const command = await entry.load();
  expect(command.name()).toBe(entry.name);
  expect(command.usage()).toBe(entry.usage);
  expect(command.description()).toBe(entry.description);
});
