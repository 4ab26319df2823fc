const OF_URL = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]*@/gi;

/**
 * A copy of plain data in which URLs have no passwords: what a study writes is passed on, its report as a
 * page. A variable of the environment (`redis://:${NAME}@host`) stays.
 */
export function withoutPasswords<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'string'
      ? each.replace(OF_URL, (text, before: string) => (/:\$\{\w+\}@$/.test(text) ? text : `${before}:***@`))
      : each,
  ) as T;
}
