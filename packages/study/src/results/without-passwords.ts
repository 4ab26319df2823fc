/** What stands before the host. A password may have an @, and in those of queues a slash, as typed. */
const USER = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"']*)@/gi;
const USER_OF_QUEUE = /((?:rediss?|postgres(?:ql)?):\/\/)([^\s?#"']*)@/gi;
const PARAMETER = /([?&](?:[\w-]*(?:password|passwd|secret|token)|pwd|pass)=)([^&#\s"']*)/gi;
const REFERENCE = /^\$\{\w+\}$/;

/** A text with the passwords in its URLs replaced by `***`; references (`redis://:${NAME}@host`) stay. */
export function withoutUrlPasswords(text: string): string {
  const withoutUser = (_: string, scheme: string, user: string) => {
    const colon = user.indexOf(':');
    const isKept = colon < 0 || REFERENCE.test(user.slice(colon + 1));
    return `${scheme}${isKept ? user : `${user.slice(0, colon)}:***`}@`;
  };
  return text
    .replace(USER_OF_QUEUE, withoutUser)
    .replace(USER, withoutUser)
    .replace(PARAMETER, (whole: string, name: string, value: string) =>
      REFERENCE.test(value) ? whole : `${name}***`,
    );
}

/** A copy of plain data without the passwords in its URLs, since people share what a study writes. */
export function withoutPasswords<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'string' ? withoutUrlPasswords(each) : each,
  ) as T;
}
