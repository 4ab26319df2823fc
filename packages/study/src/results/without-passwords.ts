const OF_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]*@/gi;

/**
 * A copy of plain data with the passwords in URLs replaced, since people share what a study writes. A
 * reference to an environment variable (`redis://:${NAME}@host`) stays.
 */
export function withoutPasswords<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'string'
      ? each.replace(OF_URL, (text, before: string) => (/:\$\{\w+\}@$/.test(text) ? text : `${before}:***@`))
      : each,
  ) as T;
}
