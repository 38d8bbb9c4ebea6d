/** Forms of values that several parts of the configuration share. Each throws with the reason why a text is refused. */

export function oneOf<Choice extends string>(...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((one) => one === text);
    if (choice === undefined) throw new Error('there is no such choice');
    return choice;
  };
}

export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('it is empty');
  return text;
}

export function matching(pattern: RegExp): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new Error('it is not such a name');
    return text;
  };
}

/** An http or https URL of a host, without a final slash. */
export function origin(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error('it is not an http or https URL');
  if (url.search !== '' || url.hash !== '') throw new Error('it has a query or a fragment');
  return text.replace(/\/+$/, '');
}

/** Of something that others may not guess. */
export function secret(text: string): string {
  if (Buffer.byteLength(text) < 32) throw new Error('it is shorter than 32 bytes');
  return text;
}
