import { withoutPasswords } from './without-passwords.js';

it.each([
  ['redis://me:secret@host:6379/1', 'redis://me:***@host:6379/1'],
  ['redis://:secret@host', 'redis://:***@host'],
  ['runner.url=postgres://me:a%40b@host/base', 'runner.url=postgres://me:***@host/base'],
  ['redis://:${QUEUE_PASSWORD}@host', 'redis://:${QUEUE_PASSWORD}@host'],
  ['redis://:p@ss/word%2Fx@host:1/0', 'redis://:***@host:1/0'],
  ['https://me:p@ss@host/a@b', 'https://me:***@host/a@b'],
  ['redis://host:1?password=p%40ss', 'redis://host:1?password=***'],
  [
    'postgres://me@host/base?sslmode=require&password=secret&x=1',
    'postgres://me@host/base?sslmode=require&password=***&x=1',
  ],
  [
    'postgres://host/base?sslpassword=a&access_token=b',
    'postgres://host/base?sslpassword=***&access_token=***',
  ],
  ['redis://host?password=${NAME}', 'redis://host?password=${NAME}'],
  ['redis://host:6379', 'redis://host:6379'],
  ['redis://me@host:6379', 'redis://me@host:6379'],
  ['https://host:80/a@b', 'https://host:80/a@b'],
  ['./model/a:b@c', './model/a:b@c'],
])('%s is written as %s', (text, written) => {
  expect(withoutPasswords({ runner: { use: 'bullmq', url: text }, list: [text, 1] })).toEqual({
    runner: { use: 'bullmq', url: written },
    list: [written, 1],
  });
});
